/* What the parts of sipbench share; sipbench.c says what it measures. */
#ifndef SIPBENCH_H
#define SIPBENCH_H
#define _GNU_SOURCE
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef int64_t i64;                    /* ns */
#define MS 1000000LL
#define SEC 1000000000LL

enum { PIDS_MAX = 16, NAME_MAX_BYTES = 128 };

struct options {
  const char *host, *local, *user, *user_format, *dump, *stops, *onsets, *sound, *callee_sound;
  int calls, callee_port, opus, silent, pids[PIDS_MAX], npids;
  double rate, settle, secs, load, hold_ms, give_up, stop_after, wait_for_options;
};
extern struct options opt;

/* ---- statistics.c: what was seen, and how the measured process fared ---- */
struct series {
  float *a;
  size_t n, cap;
};
extern struct series intervals, latencies, own_lateness, times_180, times_200, times_bye, times_refused;

void push(struct series *s, double x);
void watch_processes(void);             /* from here on ... */
void unwatch_processes(void);           /* ... to here is measured */
void look_at_memory(void);
void report(double window_s);

/* ---- rtp.c: sound both ways ---- */
struct leg {
  int fd, port, has_there;
  struct sockaddr_in there;
  struct leg *peer;                     /* who hears it through the machine */
  const struct codec *codec;
  const struct sound *sound;            /* none: bursts, or silence */
  volatile int sends;
  uint16_t seq;
  uint32_t ts, ssrc;
  unsigned frame;
  uint64_t sent;
  i64 last_sent;                        /* of CLOCK_BOOTTIME, which the agent's timeline counts, too */
  volatile i64 last_burst;
  int heard;                            /* anything */
  i64 last_rx;
  uint16_t last_seq;
  uint32_t rx_ssrc, overflown;
  int quiet;                            /* samples since the last loud one */
  uint64_t rx_n, lost, reordered, gaps40;
  double gap_max;
  FILE *dump;
};
extern struct leg *legs;
extern int nlegs;
extern volatile i64 window_start, window_end;

i64 now(void);
int udp(int port, int *got, int receive_buffer);
int receive(int fd, char *b, int n, i64 *at, struct sockaddr_in *from, uint32_t *overflown);
void open_legs(int two_each);
void start_sending(void);
void stop_sending(void);
void on_rtp(struct leg *l);
void write_stops(void);
int sdp(char *o, const struct leg *l);

/* ---- sip.c: calls ---- */
enum state { IDLE, INVITED, UP, BYEING, DONE, FAILED };
struct call {
  enum state state;
  char to_tag[96], target[256], route[512], call_id[NAME_MAX_BYTES];
  i64 t_invite, t_18x, t_200, t_bye, t_end, resend_at;
  int resend_ms, code, resent;
};
extern struct call *calls, *callees;
extern int ncalls, ncallees;

void open_sip(void);
int wait_for_options(void);
void begin_call(int i, i64 at);
void hang_up(int i, i64 at);
void tick(i64 at);                      /* resends and ends what is due */
void pump(int timeout_us);              /* reads what came */
void call_id(int i, char *out, size_t room);
#endif
