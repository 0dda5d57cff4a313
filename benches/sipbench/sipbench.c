/* sipbench: measures any SIP answering machine or B2BUA from outside, over UDP, with the kernel's receive times.
 * build:  cc -O2 -o sipbench sipbench/[*].c -lm -lpthread            (Linux, no library)
 *
 *  media    sipbench --to H:P --user U --calls N --secs S [--pid PID]...      N calls, sound both ways: pacing, loss, CPU
 *  bridge   ... --callee PORT --user-fmt 9%05d      the callees are here too: the machine must dial sip:NUMBER@local:PORT
 *  load     sipbench --to H:P --user U --load CPS --secs S [--hold-ms 0]      signalling only, open loop
 *  wait     sipbench --to H:P --options SEC         OPTIONS every 5 ms until answered (start-up time)
 * Options: --ip 127.0.0.1 (ours)  --rate 50 (calls/s while setting up)  --settle 2 (s left out after the last answer)
 *  --sound FILE  what callers say, over and over, each from another place (sounds.rs writes such files)
 *  --callee-sound FILE  the same for callees; with neither: bursts of 60 ms at 1 kHz every 500 ms, whose way through
 *                the machine is timed, or with --silence digital silence
 *  --opus        callers speak Opus, with a --sound of Opus packets; otherwise G.711u
 *  --stop-tx S   callers send nothing more S s after their answer; --stops FILE: "CALL-ID ns", the boot clock at
 *                the last packet
 *  --dump DIR    one file a leg: records {i64 received_ns, u16 seq, u32 timestamp}, little endian, packed
 *  --give-up 8   seconds until an unanswered INVITE counts as lost
 * Prints one JSON object. Times in ms. int_* = intervals between packets the machine sent (kernel timestamp = its send
 * time on loopback), dev_* how far they are from 20 ms; own_* = lateness of our own sends, own_lost = packets that our
 * own sockets had no room for: when these are bad, the computer was full and the figures are not the machine's alone.
 */
#include "sipbench.h"
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { FILES_MAX = 65536, LOOK_AT_MEMORY_MS = 500, WAIT_US = 200, TICK_MS = 2, LOAD_TICK_MS = 20,
  END_WITHIN_S = 4
};

struct options opt = {.host = "127.0.0.1:5060",.local = "127.0.0.1",.user = "600",.calls = 1,.rate = 50,.settle = 2,
  .secs = 10,.give_up = 8,.stop_after = -1
};

struct option {
  const char *name;
  const char **text;
  int *number;
  double *real;
};
static const struct option known[] = {
  {"--to", &opt.host}, {"--ip", &opt.local}, {"--user", &opt.user}, {"--user-fmt", &opt.user_format},
  {"--dump", &opt.dump}, {"--stops", &opt.stops}, {"--onsets", &opt.onsets},
  {"--sound", &opt.sound}, {"--callee-sound", &opt.callee_sound},
  {"--calls", 0, &opt.calls}, {"--callee", 0, &opt.callee_port}, {"--rate", 0, 0, &opt.rate},
  {"--settle", 0, 0, &opt.settle}, {"--secs", 0, 0, &opt.secs}, {"--load", 0, 0, &opt.load},
  {"--hold-ms", 0, 0, &opt.hold_ms}, {"--give-up", 0, 0, &opt.give_up}, {"--stop-tx", 0, 0, &opt.stop_after},
  {"--options", 0, 0, &opt.wait_for_options}
};

static const struct option *option_named(const char *name)
{
  for (size_t k = 0; k < sizeof known / sizeof *known; k++)
    if (!strcmp(known[k].name, name))
      return &known[k];
  return 0;
}

static void read_options(int ac, char **av)
{
  for (int i = 1; i < ac; i++) {
    const struct option *o = option_named(av[i]);
    const char *value = i + 1 < ac ? av[i + 1] : "";

    if (!strcmp(av[i], "--opus"))
      opt.opus = 1;
    else if (!strcmp(av[i], "--silence"))
      opt.silent = 1;
    else if (!strcmp(av[i], "--pid") && opt.npids < PIDS_MAX)
      opt.pids[opt.npids++] = atoi(value), i++;
    else if (!o) {
      fprintf(stderr, "unknown option %s\n", av[i]);
      exit(2);
    } else {
      i++;
      if (o->text)
        *o->text = value;
      else if (o->number)
        *o->number = atoi(value);
      else
        *o->real = atof(value);
    }
  }
}

/* Reads what comes, and does what is due. */
static i64 step(void)
{
  static i64 ticked, looked;

  pump(WAIT_US);
  i64 at = now();

  if (at - ticked > (opt.load ? LOAD_TICK_MS : TICK_MS) * MS) {
    ticked = at;
    tick(at);
  }
  if (at - looked > LOOK_AT_MEMORY_MS * MS) {
    looked = at;
    look_at_memory();
  }
  return at;
}

static void go_on_for(double seconds)
{
  for (i64 end = now() + (i64) (seconds * SEC); step() < end;);
}

static int any(enum state from, enum state to)
{
  for (int i = 0; i < ncalls; i++)
    if (calls[i].state >= from && calls[i].state <= to)
      return 1;
  return 0;
}

/* Begins all calls at so many a second. */
static void begin_all(double rate)
{
  i64 begin = now();

  for (int k = 0; k < ncalls; step())
    for (; k < ncalls && now() >= begin + (i64) (k * 1e9 / rate); k++)
      begin_call(k, now());
}

static void end_within(enum state from, enum state to, double seconds)
{
  for (i64 end = now() + (i64) (seconds * SEC); any(from, to) && now() < end; step());
}

/* Calls that begin and end: what is measured is the time in which they begin. */
static i64 measure_load(void)
{
  i64 begin = now();

  watch_processes();
  begin_all(opt.load);
  unwatch_processes();
  i64 spent = now() - begin;

  end_within(IDLE, BYEING, opt.give_up + END_WITHIN_S);
  return spent;
}

/* Calls that stay: what is measured is the time when all are there. */
static i64 measure_media(void)
{
  start_sending();
  begin_all(opt.rate);
  end_within(IDLE, INVITED, opt.give_up);
  go_on_for(opt.settle);
  watch_processes();
  i64 begin = now();

  window_end = begin + (i64) (opt.secs * SEC);
  window_start = begin;
  go_on_for(opt.secs);
  unwatch_processes();
  i64 spent = now() - begin;

  for (int i = 0; i < ncalls; i++, pump(100))
    if (calls[i].state == UP)
      hang_up(i, now());
  end_within(BYEING, BYEING, END_WITHIN_S);
  stop_sending();
  write_stops();
  return spent;
}

int main(int ac, char **av)
{
  struct rlimit files = { FILES_MAX, FILES_MAX };

  read_options(ac, av);
  setrlimit(RLIMIT_NOFILE, &files);
  if (!opt.load && !opt.wait_for_options)
    open_legs(opt.callee_port != 0);
  open_sip();
  if (opt.wait_for_options)
    return wait_for_options();
  report((opt.load ? measure_load() : measure_media()) / 1e9);
  return 0;
}
