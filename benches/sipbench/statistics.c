/* What was seen, and how the measured process fared: one JSON object. */
#include "sipbench.h"
#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { THREADS_MAX = 1024, NAMES_MAX = 64, CODES = 700 };

struct series intervals, latencies, own_lateness, times_180, times_200, times_bye, times_refused;

struct thread {
  int tid;
  char name[17];                        /* as comm has it */
  double s;                             /* on a processor */
};
struct process {
  double cpu_s;                         /* by ticks, also of threads that ended */
  long memory_kb, threads, waits;
  int nseen;
  struct thread seen[THREADS_MAX];
};
static struct process *before, *after;
static long memory_max_kb;

void push(struct series *s, double x)
{
  if (s->n == s->cap) {
    s->cap = s->cap ? s->cap * 2 : 4096;
    s->a = realloc(s->a, s->cap * sizeof(float));
  }
  s->a[s->n++] = x;
}

static int compare(const void *a, const void *b)
{
  float x = *(float *) a, y = *(float *) b;

  return x < y ? -1 : x > y;
}

static double percentile(const struct series *s, double p)
{
  size_t i = p / 100 * s->n;

  return s->n ? s->a[i >= s->n ? s->n - 1 : i] : NAN;
}

/* ---- the measured process ---- */
static FILE *open_of(int pid, int tid, const char *file)
{
  char path[300];

  snprintf(path, sizeof path, "/proc/%d/task/%d/%s", pid, tid, file);
  return fopen(path, "r");
}

static void look_at_thread(int pid, int tid, struct process *p)
{
  struct thread t = {.tid = tid };
  char line[1024];
  long long ns;
  long waits;
  FILE *f = open_of(pid, tid, "schedstat");

  if (f) {
    if (fscanf(f, "%lld", &ns) == 1)
      t.s = ns / 1e9;
    fclose(f);
  }
  if ((f = open_of(pid, tid, "comm"))) {
    if (fgets(t.name, sizeof t.name, f))
      t.name[strcspn(t.name, "\n\"\\")] = 0;
    fclose(f);
  }
  if ((f = open_of(pid, tid, "status"))) {
    while (fgets(line, sizeof line, f))
      if (sscanf(line, "voluntary_ctxt_switches: %ld", &waits) == 1)
        p->waits += waits;
    fclose(f);
  }
  if (p->nseen < THREADS_MAX)
    p->seen[p->nseen++] = t;
}

static void look_at_process(int pid, struct process *p)
{
  char path[300], line[1024];
  long user = 0, kernel = 0, pages = 0;

  memset(p, 0, sizeof *p);
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  FILE *f = fopen(path, "r");

  if (!f)
    return;
  if (fgets(line, sizeof line, f)) {
    sscanf(strrchr(line, ')') + 2,
           "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld %*d %*d %*d %*d %ld %*d %*u %*u %ld", &user,
           &kernel, &p->threads, &pages);
    p->cpu_s = (user + kernel) / (double) sysconf(_SC_CLK_TCK);
    p->memory_kb = pages * (sysconf(_SC_PAGESIZE) / 1024);
  }
  fclose(f);
  if (p->memory_kb > memory_max_kb)
    memory_max_kb = p->memory_kb;
}

static void look_at_all(struct process *all)
{
  for (int i = 0; i < opt.npids; i++) {
    look_at_process(opt.pids[i], &all[i]);
    char path[300];

    snprintf(path, sizeof path, "/proc/%d/task", opt.pids[i]);
    DIR *d = opendir(path);

    for (struct dirent * e; d && (e = readdir(d));)
      if (e->d_name[0] != '.')
        look_at_thread(opt.pids[i], atoi(e->d_name), &all[i]);
    if (d)
      closedir(d);
  }
}

void watch_processes(void)
{
  if (!before)
    before = calloc(PIDS_MAX, sizeof *before);
  look_at_all(before);
}

void unwatch_processes(void)
{
  after = calloc(PIDS_MAX, sizeof *after);
  look_at_all(after);
}

void look_at_memory(void)
{
  static struct process p;

  for (int i = 0; i < opt.npids; i++)
    look_at_process(opt.pids[i], &p);
}

/* ---- the report ---- */
static void print_series(const char *key, struct series *s)
{
  if (!s->n)
    return;
  qsort(s->a, s->n, sizeof(float), compare);
  printf(", \"%s_n\": %zu, \"%s_p50\": %.3f, \"%s_p99\": %.3f, \"%s_p999\": %.3f, \"%s_max\": %.3f", key, s->n,
         key, percentile(s, 50), key, percentile(s, 99), key, percentile(s, 99.9), key, s->a[s->n - 1]);
}

static void print_calls(void)
{
  int answered = 0, refused = 0, timeout = 0, codes[CODES] = { 0 }, comma = 0;
  long resent = 0;

  for (int i = 0; i < ncalls; i++) {
    const struct call *c = &calls[i];

    resent += c->resent;
    if (c->t_200) {
      answered++;
      push(&times_200, (c->t_200 - c->t_invite) / 1e6);
      if (c->t_18x)
        push(&times_180, (c->t_18x - c->t_invite) / 1e6);
      if (c->t_end && c->t_bye)
        push(&times_bye, (c->t_end - c->t_bye) / 1e6);
    } else if (c->code == 408 || c->state == INVITED)
      timeout++;
    else {
      refused++;
      if (c->t_end)
        push(&times_refused, (c->t_end - c->t_invite) / 1e6);
      if (c->code > 299 && c->code < CODES)
        codes[c->code]++;
    }
  }
  printf("\"calls\": %d, \"answered\": %d, \"refused\": %d, \"timeout\": %d, \"sip_retrans\": %ld, \"codes\": {",
         ncalls, answered, refused, timeout, resent);
  for (int i = 300; i < CODES; i++)
    if (codes[i])
      printf("%s\"%d\": %d", comma++ ? ", " : "", i, codes[i]);
  printf("}");
  print_series("t180", &times_180);
  print_series("t200", &times_200);
  print_series("tbye", &times_bye);
  print_series("tno", &times_refused);
}

static void print_legs(void)
{
  uint64_t lost = 0, reordered = 0, gaps = 0, overflown = 0;
  int silent = 0;
  double gap_max = 0;
  struct series deviations = { 0 };

  for (size_t i = 0; i < intervals.n; i++)
    push(&deviations, fabs(intervals.a[i] - 20));
  for (int i = 0; i < nlegs; i++) {
    lost += legs[i].lost;
    reordered += legs[i].reordered;
    gaps += legs[i].gaps40;
    overflown += legs[i].overflown;
    silent += !legs[i].rx_n;
    gap_max = fmax(gap_max, legs[i].gap_max);
    if (legs[i].dump)
      fclose(legs[i].dump);
  }
  print_series("int", &intervals);
  print_series("dev", &deviations);
  print_series("lat", &latencies);
  print_series("own", &own_lateness);
  printf(", \"gaps40\": %lu, \"max_gap\": %.2f, \"lost\": %lu, \"reord\": %lu, \"own_lost\": %lu", gaps, gap_max,
         lost, reordered, overflown);
  printf(", \"silent_legs\": %d, \"legs\": %d, \"callee_legs\": %d", silent, nlegs, ncallees);
}

/* What thread i of a process had of the processors meanwhile; threads that ended have taken theirs with them. */
static double spent_s(int p, int i)
{
  const struct thread *t = &after[p].seen[i];

  for (int j = 0; j < before[p].nseen; j++)
    if (before[p].seen[j].tid == t->tid)
      return t->s - before[p].seen[j].s;
  return t->s;
}

/* Of each name of a thread, all that have it. */
static void print_threads(double window_s)
{
  struct thread sums[NAMES_MAX];
  int n = 0;

  for (int p = 0; p < opt.npids; p++)
    for (int i = 0; i < after[p].nseen; i++) {
      struct thread t = after[p].seen[i];
      int k = 0;

      t.s = spent_s(p, i);
      while (k < n && strcmp(sums[k].name, t.name))
        k++;
      if (k < n)
        sums[k].s += t.s;
      else if (n < NAMES_MAX)
        sums[n++] = t;
    }
  printf(", \"threads_pct\": {");
  for (int k = 0; k < n; k++)
    printf("%s\"%s\": %.3f", k ? ", " : "", sums[k].name, 100 * sums[k].s / window_s);
  printf("}");
}

static void print_processes(double window_s, int answered)
{
  double cpu = 0;
  long memory = 0, threads = 0, waits = 0;

  for (int i = 0; i < opt.npids; i++) {
    struct process *a = &before[i], *b = &after[i];
    double exact = 0, coarse = b->cpu_s - a->cpu_s;

    for (int k = 0; k < b->nseen; k++)
      exact += spent_s(i, k);
    cpu += b->threads == a->threads ? exact : fmax(exact, coarse);
    memory += b->memory_kb;
    threads += b->threads;
    waits += b->waits - a->waits;
  }
  printf(", \"cpu_pct\": %.3f, \"cpu_pct_per_call\": %.4f, \"cpu_ms_per_call\": %.4f", 100 * cpu / window_s,
         100 * cpu / window_s / (ncalls ? ncalls : 1), 1e3 * cpu / (answered ? answered : 1));
  printf(", \"rss_kb\": %ld, \"rss_max_kb\": %ld, \"threads\": %ld, \"wakeups_s\": %.1f", memory, memory_max_kb,
         threads, waits / window_s);
  print_threads(window_s);
}

static int answered(void)
{
  int n = 0;

  for (int i = 0; i < ncalls; i++)
    n += calls[i].t_200 != 0;
  return n;
}

void report(double window_s)
{
  struct rusage own;

  printf("{");
  print_calls();
  if (nlegs)
    print_legs();
  if (opt.npids)
    print_processes(window_s, answered());
  getrusage(RUSAGE_SELF, &own);
  printf(", \"secs\": %.2f, \"bench_cpu_s\": %.2f}\n", window_s,
         own.ru_utime.tv_sec + own.ru_stime.tv_sec + (own.ru_utime.tv_usec + own.ru_stime.tv_usec) / 1e6);
}
