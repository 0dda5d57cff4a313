/* Sound both ways: a packet a leg every 20 ms, and when what the machine sent has come. */
#include "sipbench.h"
#include <arpa/inet.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { FRAME_BYTES = 160, FRAMES_MAX = 1 << 16 };
enum { BURST_FRAMES = 3, BURST_EVERY = 25 };    /* frames */
enum { LOUD = 1500, QUIET_BEFORE = 800 };       /* a sample, and samples before the first loud one of a burst */

struct codec {
  int payload_type, ticks;
  const char *offered;
};
static const struct codec pcmu = { 0, 160, "0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n" };
static const struct codec opus = { 111, 960,
  "111 101\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 useinbandfec=1\r\na=rtpmap:101 telephone-event/48000\r\n"
};

/* The packets' payloads, one after the other, over and over. */
struct sound {
  uint8_t *bytes;
  int n, at[FRAMES_MAX + 1];
};

struct leg *legs;
int nlegs;
volatile i64 window_start, window_end = INT64_MAX;

static uint8_t burst[BURST_FRAMES][FRAME_BYTES];
static char is_loud[256];
static volatile int stopping;
static pthread_t sender;
static FILE *onsets;

static i64 clock_ns(clockid_t clock)
{
  struct timespec t;

  clock_gettime(clock, &t);
  return t.tv_sec * SEC + t.tv_nsec;
}

i64 now(void)
{
  return clock_ns(CLOCK_REALTIME);
}

/* ---- sockets ---- */
int udp(int port, int *got, int receive_buffer)
{
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), one = 1;
  struct sockaddr_in a = {.sin_family = AF_INET,.sin_port = htons(port) };
  socklen_t l = sizeof a;

  inet_pton(AF_INET, opt.local, &a.sin_addr);
  setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof one);
  setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &one, sizeof one);
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &receive_buffer, sizeof receive_buffer);
  if (bind(fd, (void *) &a, sizeof a)) {
    perror("bind");
    exit(2);
  }
  getsockname(fd, (void *) &a, &l);
  if (got)
    *got = ntohs(a.sin_port);
  return fd;
}

/* `at` is when the kernel had it; `overflown` counts what this socket had no room for. */
int receive(int fd, char *b, int n, i64 *at, struct sockaddr_in *from, uint32_t *overflown)
{
  char control[128];
  struct iovec v = { b, n };
  struct msghdr m = {.msg_name = from,.msg_namelen = from ? sizeof *from : 0,.msg_iov = &v,.msg_iovlen = 1,
    .msg_control = control,.msg_controllen = sizeof control
  };
  int r = recvmsg(fd, &m, 0);

  *at = 0;
  if (r < 0)
    return r;
  for (struct cmsghdr * h = CMSG_FIRSTHDR(&m); h; h = CMSG_NXTHDR(&m, h)) {
    if (h->cmsg_level != SOL_SOCKET)
      continue;
    if (h->cmsg_type == SCM_TIMESTAMPNS) {
      struct timespec t;

      memcpy(&t, CMSG_DATA(h), sizeof t);
      *at = t.tv_sec * SEC + t.tv_nsec;
    } else if (h->cmsg_type == SO_RXQ_OVFL && overflown)
      memcpy(overflown, CMSG_DATA(h), sizeof *overflown);
  }
  if (!*at)
    *at = now();
  return r;
}

/* ---- what is said ---- */
static int to_linear(uint8_t u)
{
  u = ~u;
  int t = (((u & 15) << 3) + 0x84) << ((u & 0x70) >> 4);

  return u & 0x80 ? 0x84 - t : t - 0x84;
}

static uint8_t to_law(int s)
{
  int sign = s < 0 ? 0x80 : 0, e = 7;

  s = abs(s) + 0x84;
  for (int m = 0x4000; e > 0 && !(s & m); m >>= 1)
    e--;
  return ~(sign | e << 4 | ((s >> (e + 3)) & 15));
}

static void make_tables(void)
{
  for (int k = 0; k < BURST_FRAMES * FRAME_BYTES; k++)
    burst[k / FRAME_BYTES][k % FRAME_BYTES] = to_law(16000 * cos(2 * M_PI * k / 8));
  for (int u = 0; u < 256; u++)
    is_loud[u] = abs(to_linear(u)) > LOUD;
}

/* A file of sounds.rs: of each packet the length in two bytes, the low one first, and the payload. */
static const struct sound *read_sound(const char *path)
{
  struct sound *s = calloc(1, sizeof *s);
  FILE *f = path ? fopen(path, "r") : 0;
  int lo, hi, bytes = 0;

  if (!path)
    return 0;
  if (!f) {
    perror(path);
    exit(2);
  }
  s->bytes = malloc(FRAMES_MAX * FRAME_BYTES);
  while (s->n < FRAMES_MAX && (lo = fgetc(f)) != EOF && (hi = fgetc(f)) != EOF && lo + 256 * hi <= FRAME_BYTES) {
    bytes += fread(s->bytes + bytes, 1, lo + 256 * hi, f);
    s->at[++s->n] = bytes;
  }
  fclose(f);
  if (!s->n) {
    fprintf(stderr, "no sound in %s\n", path);
    exit(2);
  }
  return s;
}

int sdp(char *o, const struct leg *l)
{
  return sprintf(o, "v=0\r\no=- 1 1 IN IP4 %s\r\ns=b\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio %d RTP/AVP %s"
                 "a=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n", opt.local, opt.local, l->port,
                 l->codec ? l->codec->offered : pcmu.offered);
}

/* Callers' legs, and where the machine calls us callees' behind them. */
void open_legs(int two_each)
{
  int n = opt.calls * (two_each ? 2 : 1);
  const struct sound *sound = read_sound(opt.sound), *callees_sound = read_sound(opt.callee_sound);

  make_tables();
  legs = calloc(n + 1, sizeof *legs);
  for (int i = 0; i < n; i++) {
    struct leg *l = &legs[i];
    int is_caller = i < opt.calls;

    l->fd = udp(0, &l->port, 1 << 20);
    l->codec = opt.opus && is_caller ? &opus : &pcmu;
    l->sound = is_caller ? sound : callees_sound;
    l->ssrc = clock_ns(CLOCK_BOOTTIME) * 977 + i;
    l->seq = i * 7;
    l->frame = l->sound ? i * 397 : i * 3 % BURST_EVERY;
    if (two_each)
      l->peer = &legs[(i + opt.calls) % n];
    if (opt.dump) {
      char path[400];

      snprintf(path, sizeof path, "%s/leg%d.bin", opt.dump, i);
      l->dump = fopen(path, "w");
    }
  }
  nlegs = n;
}

/* When a burst begins that we send or hear: what a headset's own times are held against. */
static void tell_onset(const char *way, i64 at)
{
  if (onsets)
    fprintf(onsets, "%s %lld\n", way, (long long) at);
}

/* ---- sending ---- */
static int next_payload(struct leg *l, uint8_t *p, i64 at)
{
  int k = l->frame % BURST_EVERY;

  if (l->sound) {
    int f = l->frame % l->sound->n, bytes = l->sound->at[f + 1] - l->sound->at[f];

    memcpy(p, l->sound->bytes + l->sound->at[f], bytes);
    return bytes;
  }
  if (!opt.silent && k < BURST_FRAMES && l->frame >= BURST_EVERY) {
    memcpy(p, burst[k], FRAME_BYTES);
    if (!k) {
      l->last_burst = at;
      tell_onset("tx", at);
    }
  } else
    memset(p, 0xff, FRAME_BYTES);
  return FRAME_BYTES;
}

static void send_packet(struct leg *l)
{
  uint8_t p[12 + FRAME_BYTES] = { 0x80, l->codec->payload_type | (l->sent ? 0 : 0x80), l->seq >> 8, l->seq };
  uint32_t ts = htonl(l->ts), ssrc = htonl(l->ssrc);

  memcpy(p + 4, &ts, 4);
  memcpy(p + 8, &ssrc, 4);
  int bytes = next_payload(l, p + 12, now());

  l->last_sent = clock_ns(CLOCK_BOOTTIME);
  sendto(l->fd, p, 12 + bytes, 0, (void *) &l->there, sizeof l->there);
  l->seq++;
  l->ts += l->codec->ticks;
  l->frame++;
  l->sent++;
}

/* A twentieth of the legs each millisecond. */
static void *send_all(void *nothing)
{
  i64 due = clock_ns(CLOCK_MONOTONIC);

  for (unsigned ms = 0; !stopping; ms++) {
    due += MS;
    struct timespec t = { due / SEC, due % SEC };

    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, 0);
    i64 at = now();

    if (window_start && at >= window_start && at < window_end)
      push(&own_lateness, (clock_ns(CLOCK_MONOTONIC) - due) / 1e6);
    for (int i = ms % 20; i < nlegs; i += 20)
      if (legs[i].sends && legs[i].has_there)
        send_packet(&legs[i]);
  }
  return nothing;
}

void start_sending(void)
{
  if (opt.onsets)
    onsets = fopen(opt.onsets, "w");
  if (nlegs)
    pthread_create(&sender, 0, send_all, 0);
}

void stop_sending(void)
{
  stopping = 1;
  if (nlegs)
    pthread_join(sender, 0);
  if (onsets)
    fclose(onsets);
  onsets = 0;
}

/* Of each call its Call-ID, and when its last packet left. */
void write_stops(void)
{
  FILE *f = opt.stops ? fopen(opt.stops, "w") : 0;
  char id[NAME_MAX_BYTES];

  for (int i = 0; f && i < opt.calls; i++) {
    call_id(i, id, sizeof id);
    fprintf(f, "%s %lld\n", id, (long long) legs[i].last_sent);
  }
  if (f)
    fclose(f);
}

/* ---- receiving ---- */
static void count(struct leg *l, uint16_t seq, i64 at)
{
  int step = (int16_t) (seq - l->last_seq);
  double ms = (at - l->last_rx) / 1e6;

  if (step > 1)
    l->lost += step - 1;
  if (step <= 0)
    l->reordered++;
  push(&intervals, ms);
  l->rx_n++;
  l->gaps40 += ms > 40;
  l->gap_max = fmax(l->gap_max, ms);
}

/* How long the burst that begins here has been under way. */
static void look_for_burst(struct leg *l, const uint8_t *payload, int n, i64 at)
{
  const struct leg *from = l->peer ? l->peer : l;

  for (int i = 0; i < n; i++) {
    if (!is_loud[payload[i]]) {
      l->quiet++;
      continue;
    }
    if (l->quiet > QUIET_BEFORE)
      tell_onset("rx", at + i * SEC / 8000);
    if (l->quiet > QUIET_BEFORE && from->last_burst && window_start && at >= window_start && at < window_end)
      push(&latencies, (at + i * SEC / 8000 - from->last_burst) / 1e6);
    l->quiet = 0;
  }
}

static void dump(struct leg *l, i64 at, uint16_t seq, uint32_t ts)
{
  uint8_t record[14];

  memcpy(record, &at, 8);
  memcpy(record + 8, &seq, 2);
  memcpy(record + 10, &ts, 4);
  fwrite(record, sizeof record, 1, l->dump);
}

void on_rtp(struct leg *l)
{
  uint8_t p[2048];
  i64 at;
  int n = receive(l->fd, (char *) p, sizeof p, &at, 0, &l->overflown);

  if (n < 12 || (p[0] & 0xc0) != 0x80)
    return;
  int payload_type = p[1] & 127;

  if (payload_type >= 64 && payload_type < 96)
    return;                     /* RTCP */
  uint16_t seq = p[2] << 8 | p[3];
  uint32_t ssrc, ts;

  memcpy(&ts, p + 4, 4);
  memcpy(&ssrc, p + 8, 4);
  if (l->dump)
    dump(l, at, seq, ntohl(ts));
  if (l->heard && ssrc == l->rx_ssrc && window_start && l->last_rx >= window_start && at < window_end)
    count(l, seq, at);
  l->heard = 1;
  l->rx_ssrc = ssrc;
  l->last_seq = seq;
  l->last_rx = at;
  if (payload_type == pcmu.payload_type)
    look_for_burst(l, p + 12, n - 12, at);
}
