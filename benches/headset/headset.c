/* headset MIC_SINK EAR_MONITOR SECONDS OUT: bursts into the microphone of a virtual headset, onsets out of its ear.
 *
 * Writes "mic NS" when the first sample of a burst is played into the microphone's sink, and "ear NS" when the first loud
 * sample was played by the ear's: CLOCK_REALTIME, by the sound server's own account of its buffers. Between bursts the
 * microphone rustles, for one that gives digital zero is taken for a dead one.
 * cc -O2 -o headset headset.c -lpulse-simple -lpulse -lpthread -lm
 */
#include <math.h>
#include <pthread.h>
#include <pulse/error.h>
#include <pulse/simple.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RATE = 48000, BLOCK_MS = 5, BLOCK = RATE * BLOCK_MS / 1000, BLOCK_BYTES = 2 * BLOCK };
enum { BURST_BLOCKS = 60 / BLOCK_MS, FIRST_BLOCKS = 3000 / BLOCK_MS, EVERY_BLOCKS = 610 / BLOCK_MS, JITTER_BLOCKS = 4 };
enum { LOUD = 1500, QUIET_BEFORE = RATE / 10, PEAK = 16000, RUSTLE = 3 };

static const pa_sample_spec mono = { PA_SAMPLE_S16LE, RATE, 1 };
static pthread_mutex_t writing = PTHREAD_MUTEX_INITIALIZER;
static const char *microphone, *ear;
static FILE *out;
static int64_t until;

static int64_t now(void)
{
  struct timespec t;

  clock_gettime(CLOCK_REALTIME, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void tell(const char *what, int64_t at)
{
  pthread_mutex_lock(&writing);
  fprintf(out, "%s %lld\n", what, (long long) at);
  fflush(out);
  pthread_mutex_unlock(&writing);
}

static pa_simple *stream(pa_stream_direction_t direction, const char *device, const pa_buffer_attr *buffer)
{
  int error;
  pa_simple *s = pa_simple_new(0, "headset", direction, device, "bench", &mono, 0, buffer, &error);

  if (!s) {
    fprintf(stderr, "open %s: %s\n", device, pa_strerror(error));
    exit(1);
  }
  return s;
}

static void fill(int16_t *block, int sounds, double *phase)
{
  for (int i = 0; i < BLOCK; i++, *phase += 2 * M_PI * 1000 / RATE)
    block[i] = sounds ? PEAK * sin(*phase) : rand() % (2 * RUSTLE + 1) - RUSTLE;
}

static void *speak(void *nothing)
{
  pa_buffer_attr buffer = { -1, 4 * BLOCK_BYTES, -1, BLOCK_BYTES, -1 };
  pa_simple *s = stream(PA_STREAM_PLAYBACK, microphone, &buffer);
  int16_t block[BLOCK];
  long next = FIRST_BLOCKS;
  double phase = 0;
  int left = 0, error;

  for (long n = 0; now() < until; n++) {
    if (n >= next) {
      int64_t asked = now();
      pa_usec_t waits = pa_simple_get_latency(s, &error);

      tell("mic", (asked + now()) / 2 + waits * 1000LL);
      next = n + EVERY_BLOCKS + rand() % JITTER_BLOCKS;
      left = BURST_BLOCKS;
      phase = M_PI / 2;
    }
    fill(block, left > 0, &phase);
    left -= left > 0;
    pa_simple_write(s, block, BLOCK_BYTES, &error);
  }
  pa_simple_free(s);
  return nothing;
}

static void *listen_to_ear(void *nothing)
{
  pa_buffer_attr buffer = { -1, -1, -1, -1, BLOCK_BYTES };
  pa_simple *s = stream(PA_STREAM_RECORD, ear, &buffer);
  int16_t block[BLOCK];
  int quiet = 0, error;

  while (now() < until) {
    pa_simple_read(s, block, BLOCK_BYTES, &error);
    int64_t read = now();
    int64_t next = read - pa_simple_get_latency(s, &error) * 1000LL;    /* when the sample after these was played */

    for (int i = 0; i < BLOCK; i++) {
      if (abs(block[i]) <= LOUD) {
        quiet++;
        continue;
      }
      if (quiet > QUIET_BEFORE)
        tell("ear", next - (int64_t) (BLOCK - i) * 1000000000LL / RATE);
      quiet = 0;
    }
  }
  pa_simple_free(s);
  return nothing;
}

int main(int ac, char **av)
{
  pthread_t speaks, listens;

  if (ac != 5) {
    fprintf(stderr, "usage: headset MIC_SINK EAR_MONITOR SECONDS OUT\n");
    return 2;
  }
  microphone = av[1];
  ear = av[2];
  until = now() + atof(av[3]) * 1e9;
  out = fopen(av[4], "w");
  if (!out) {
    perror(av[4]);
    return 1;
  }
  pthread_create(&speaks, 0, speak, 0);
  pthread_create(&listens, 0, listen_to_ear, 0);
  pthread_join(speaks, 0);
  pthread_join(listens, 0);
  return 0;
}
