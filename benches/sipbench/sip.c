/* Calls: INVITE to BYE as caller, and as the callee of a bridge. */
#include "sipbench.h"
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SIP = 1000000, CALLEE };         /* what was heard of: below them the legs */
enum { EVENTS = 256, MESSAGES_AT_ONCE = 64, MESSAGE_MAX = 8192, BODY_MAX = 600, ROUTES_MAX = 8 };
enum { RESEND_MS = 500, RESEND_MS_MAX = 4000 };

struct call *calls, *callees;
int ncalls, ncallees;

static int sip_fd = -1, sip_port, callee_fd = -1, callee_port, ep;
static unsigned run_id;
static struct sockaddr_in there;
static struct leg nobody;               /* signalling only: nothing is sent from its port */

static void listen_to(int fd, uint64_t id)
{
  struct epoll_event e = {.events = EPOLLIN,.data.u64 = id };

  epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
}

void open_sip(void)
{
  char host[64];

  snprintf(host, sizeof host, "%s", opt.host);
  char *colon = strchr(host, ':');

  if (colon)
    *colon = 0;
  there.sin_family = AF_INET;
  there.sin_port = htons(colon ? atoi(colon + 1) : 5060);
  inet_pton(AF_INET, host, &there.sin_addr);
  run_id = now() / 1000 & 0xffffff;
  ep = epoll_create1(0);
  sip_fd = udp(0, &sip_port, 8 << 20);
  listen_to(sip_fd, SIP);
  nobody.fd = udp(0, &nobody.port, 4096);
  for (int i = 0; i < nlegs; i++)
    listen_to(legs[i].fd, i);
  if (opt.callee_port) {
    callee_fd = udp(opt.callee_port, &callee_port, 8 << 20);
    listen_to(callee_fd, CALLEE);
    callees = calloc(opt.calls + 1, sizeof *callees);
  }
  ncalls = opt.load ? opt.load * opt.secs : opt.calls;
  calls = calloc(ncalls + 1, sizeof *calls);
}

static struct leg *leg_of(int i)
{
  return i < nlegs ? &legs[i] : &nobody;
}

static struct leg *leg_of_callee(int k)
{
  return &legs[nlegs - opt.calls + k];
}

void call_id(int i, char *out, size_t room)
{
  snprintf(out, room, "b%d-%x", i, run_id);
}

/* ---- reading ---- */
static const char *header(const char *m, const char *name, char compact, int *len)
{
  size_t n = strlen(name);

  for (const char *p = strstr(m, "\r\n"); p && p[2] && p[2] != '\r'; p = strstr(p + 2, "\r\n")) {
    const char *h = p + 2;

    if ((!strncasecmp(h, name, n) && (h[n] == ':' || h[n] == ' '))
        || (compact && (h[0] | 32) == compact && h[1] == ':')) {
      const char *v = strchr(h, ':') + 1;

      while (*v == ' ')
        v++;
      const char *end = strstr(v, "\r\n");

      *len = end ? end - v : (int) strlen(v);
      return v;
    }
  }
  *len = 0;
  return 0;
}

static void read_sdp(const char *m, struct leg *l)
{
  const char *c = strstr(m, "\r\nc=IN IP4 "), *a = strstr(m, "\r\nm=audio ");
  char host[64] = "";

  if (!a)
    return;
  l->there.sin_family = AF_INET;
  l->there.sin_port = htons(atoi(a + 10));
  if (c && sscanf(c + 11, "%63[0-9.]", host) == 1)
    inet_pton(AF_INET, host, &l->there.sin_addr);
  l->has_there = 1;
}

static void read_tag(const char *m, struct call *c)
{
  int len, k = 0;
  const char *to = header(m, "To", 't', &len), *tag = to ? memmem(to, len, ";tag=", 5) : 0;

  if (!tag)
    return;
  for (tag += 5; k < (int) sizeof c->to_tag - 1 && !strchr(";\r ", tag[k]); k++)
    c->to_tag[k] = tag[k];
  c->to_tag[k] = 0;
}

static void read_routes(const char *m, struct call *c)
{
  const char *routes[ROUTES_MAX];
  int lens[ROUTES_MAX], found = 0, n = 0;

  for (const char *p = strstr(m, "\r\n"); p && p[2] && p[2] != '\r' && found < ROUTES_MAX; p = strstr(p + 2, "\r\n"))
    if (!strncasecmp(p + 2, "Record-Route:", 13)) {
      routes[found] = p + 15;
      lens[found] = strstr(p + 15, "\r\n") - p - 15;
      found++;
    }
  while (found-- && n < (int) sizeof c->route)
    n += snprintf(c->route + n, sizeof c->route - n, "Route:%.*s\r\n", lens[found], routes[found]);
}

static void read_target(const char *m, struct call *c)
{
  int len;
  const char *contact = header(m, "Contact", 'm', &len), *lt = contact ? memchr(contact, '<', len) : 0;

  if (lt)
    snprintf(c->target, sizeof c->target, "%.*s", (int) strcspn(lt + 1, ">\r"), lt + 1);
}

/* ---- writing ---- */
static void request(int i, const char *method, int cseq)
{
  struct call *c = &calls[i];
  char b[3000], body[BODY_MAX] = "", uri[300], number[64], id[NAME_MAX_BYTES];
  int inviting = !strcmp(method, "INVITE"), body_len = inviting ? sdp(body, leg_of(i)) : 0;

  /* The ACK of a refusal belongs to its INVITE (RFC 3261 17.1.1.3). */
  const char *branch = !strcmp(method, "ACK") && c->code ? "INVITE" : method;

  call_id(i, id, sizeof id);
  snprintf(number, sizeof number, opt.user_format ? opt.user_format : opt.user, i);
  snprintf(uri, sizeof uri, "sip:%s@%s", number, opt.host);
  int n = sprintf(b, "%s %s SIP/2.0\r\nVia: SIP/2.0/UDP %s:%d;branch=z9hG4bK%s.%s;rport\r\nMax-Forwards: 70\r\n"
                  "From: <sip:bench%d@%s:%d>;tag=f%d\r\nTo: <%s>%s%s\r\nCall-ID: %s\r\nCSeq: %d %s\r\n"
                  "%sContact: <sip:bench@%s:%d>\r\n%s%sContent-Length: %d\r\n\r\n%s", method,
                  inviting || !c->target[0] ? uri : c->target, opt.local, sip_port, id, branch, i, opt.local, sip_port,
                  i, uri, c->to_tag[0] ? ";tag=" : "", c->to_tag, id, cseq, method, inviting ? "" : c->route,
                  opt.local, sip_port, inviting ? "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS\r\n" : "",
                  inviting ? "Content-Type: application/sdp\r\n" : "", body_len, body);

  sendto(sip_fd, b, n, 0, (void *) &there, sizeof there);
}

/* Answers a request, with the sound of a leg where there is one. */
static void reply(int fd, const char *m, int code, const char *tag, const struct leg *leg, struct sockaddr_in *to)
{
  char b[MESSAGE_MAX], body[BODY_MAX] = "";
  int n = sprintf(b, "SIP/2.0 %d OK\r\n", code), len, body_len = leg ? sdp(body, leg) : 0;

  for (const char *p = strstr(m, "\r\n"); p && p[2] && p[2] != '\r'; p = strstr(p + 2, "\r\n")) {
    const char *h = p + 2, *end = strstr(h, "\r\n");

    if (!end)
      break;
    if (!strncasecmp(h, "Via:", 4) || !strncasecmp(h, "v:", 2) || !strncasecmp(h, "Record-Route:", 13))
      n += sprintf(b + n, "%.*s\r\n", (int) (end - h), h);
  }
  const char *v = header(m, "From", 'f', &len);

  n += sprintf(b + n, "From: %.*s\r\n", len, v);
  v = header(m, "To", 't', &len);
  int has_tag = v && memmem(v, len, ";tag=", 5);

  n += sprintf(b + n, "To: %.*s%s%s\r\n", len, v, has_tag ? "" : ";tag=", has_tag ? "" : tag);
  v = header(m, "Call-ID", 'i', &len);
  n += sprintf(b + n, "Call-ID: %.*s\r\n", len, v);
  v = header(m, "CSeq", 0, &len);
  n += sprintf(b + n, "CSeq: %.*s\r\nContact: <sip:bench@%s:%d>\r\n%sContent-Length: %d\r\n\r\n%s", len, v, opt.local,
               fd == callee_fd ? callee_port : sip_port, body_len ? "Content-Type: application/sdp\r\n" : "",
               body_len, body);
  sendto(fd, b, n, 0, (void *) to, sizeof *to);
}

static void resend_from(struct call *c, i64 at)
{
  c->resend_ms = RESEND_MS;
  c->resend_at = at + RESEND_MS * MS;
}

void begin_call(int i, i64 at)
{
  calls[i].state = INVITED;
  calls[i].t_invite = at;
  resend_from(&calls[i], at);
  request(i, "INVITE", 1);
}

void hang_up(int i, i64 at)
{
  calls[i].state = BYEING;
  calls[i].t_bye = at;
  resend_from(&calls[i], at);
  request(i, "BYE", 2);
}

/* ---- as the caller ---- */
static void on_invite_answer(int i, const char *m, int code, i64 at)
{
  struct call *c = &calls[i];

  if (code < 200) {
    if (code > 100 && !c->t_18x)
      c->t_18x = at;
    if (c->state == INVITED)
      c->resend_at = INT64_MAX;
    return;
  }
  read_tag(m, c);
  if (code >= 300) {
    c->code = code;
    if (c->state == INVITED) {
      c->state = FAILED;
      c->t_end = at;
    }
  } else if (c->state == INVITED) {
    c->t_200 = at;
    c->state = UP;
    read_target(m, c);
    read_routes(m, c);
    if (i < nlegs) {
      read_sdp(m, &legs[i]);
      legs[i].sends = 1;
    }
  }
  request(i, "ACK", 1);
}

static void on_answer(int i, const char *m, i64 at)
{
  int len;
  const char *cseq = header(m, "CSeq", 0, &len), *method = cseq ? memchr(cseq, ' ', len) : 0;

  if (i < 0 || !method)
    return;
  if (!strncmp(method + 1, "INVITE", 6))
    on_invite_answer(i, m, atoi(m + 8), at);
  else if (!strncmp(method + 1, "BYE", 3) && calls[i].state == BYEING) {
    calls[i].state = DONE;
    calls[i].t_end = at;
  }
}

/* ---- as the callee ---- */
static int callee_of(const char *id)
{
  for (int k = 0; callees && k < opt.calls; k++)
    if (callees[k].state && !strcmp(callees[k].call_id, id))
      return k;
  return -1;
}

/* The caller's number is the callee's: each hears his own. */
static int new_callee(const char *m, const char *id, i64 at)
{
  const char *number = strchr(m, ':');
  int k = -1;

  if (!callees || !number || !opt.user_format || sscanf(number + 1, opt.user_format, &k) != 1)
    return -1;
  if (k < 0 || k >= opt.calls || callees[k].state)
    for (k = 0; k < opt.calls && callees[k].state; k++);
  if (k == opt.calls)
    return -1;
  callees[k].state = UP;
  callees[k].t_200 = at;
  snprintf(callees[k].call_id, sizeof callees[k].call_id, "%s", id);
  ncallees++;
  return k;
}

static void on_invite(int fd, const char *m, const char *id, i64 at, struct sockaddr_in *from)
{
  int k = callee_of(id), is_new = k < 0;
  char tag[16];

  if (is_new && (k = new_callee(m, id, at)) < 0) {
    reply(fd, m, 486, "x", 0, from);
    return;
  }
  struct leg *l = leg_of_callee(k);

  read_sdp(m, l);
  l->sends = 1;
  snprintf(tag, sizeof tag, "c%d", k);
  if (is_new)
    reply(fd, m, 180, tag, 0, from);
  reply(fd, m, 200, tag, l, from);
}

static void on_bye(int i, const char *id, i64 at)
{
  int k = callee_of(id);

  if (i >= 0 && calls[i].state == UP) {
    calls[i].state = DONE;
    calls[i].t_end = at;
    leg_of(i)->sends = 0;
  } else if (k >= 0) {
    callees[k].state = DONE;
    leg_of_callee(k)->sends = 0;
  }
}

static void on_sip(int fd, const char *m, i64 at, struct sockaddr_in *from)
{
  int len, i = -1;
  unsigned run;
  const char *v = header(m, "Call-ID", 'i', &len);
  char id[NAME_MAX_BYTES];

  if (!v)
    return;
  snprintf(id, sizeof id, "%.*s", len, v);
  if (sscanf(id, "b%d-%x", &i, &run) != 2 || run != run_id || i < 0 || i >= ncalls)
    i = -1;
  if (!strncmp(m, "SIP/2.0 ", 8))
    on_answer(i, m, at);
  else if (!strncmp(m, "INVITE", 6) && i >= 0) {
    read_sdp(m, leg_of(i));
    reply(fd, m, 200, "re", leg_of(i), from);
  } else if (!strncmp(m, "INVITE", 6))
    on_invite(fd, m, id, at, from);
  else if (strncmp(m, "ACK", 3)) {
    reply(fd, m, 200, "x", 0, from);
    if (!strncmp(m, "BYE", 3))
      on_bye(i, id, at);
  }
}

/* ---- time ---- */
static void resend(int i, i64 at)
{
  struct call *c = &calls[i];
  int inviting = c->state == INVITED;

  if (!inviting && at - c->t_bye > opt.give_up * SEC) {
    c->state = DONE;
    return;
  }
  request(i, inviting ? "INVITE" : "BYE", inviting ? 1 : 2);
  c->resent++;
  c->resend_ms = c->resend_ms < RESEND_MS_MAX ? c->resend_ms * 2 : RESEND_MS_MAX;
  c->resend_at = at + c->resend_ms * MS;
}

void tick(i64 at)
{
  for (int i = 0; i < ncalls; i++) {
    struct call *c = &calls[i];

    if (c->state == INVITED && at - c->t_invite > opt.give_up * SEC && !c->t_18x) {
      c->state = FAILED;
      c->code = 408;
      c->t_end = at;
    } else if ((c->state == INVITED || c->state == BYEING) && at >= c->resend_at)
      resend(i, at);
    if (c->state != UP)
      continue;
    if (opt.stop_after >= 0 && at - c->t_200 > opt.stop_after * SEC)
      leg_of(i)->sends = 0;
    if (opt.load && at - c->t_200 >= opt.hold_ms * MS)
      hang_up(i, at);
  }
}

void pump(int timeout_us)
{
  struct epoll_event e[EVENTS];
  struct timespec t = { 0, timeout_us * 1000L };
  int n = epoll_pwait2(ep, e, EVENTS, &t, 0);
  char b[MESSAGE_MAX];
  struct sockaddr_in from;
  i64 at;

  for (int i = 0; i < n; i++) {
    uint64_t id = e[i].data.u64;

    if (id < SIP) {
      on_rtp(&legs[id]);
      continue;
    }
    int fd = id == SIP ? sip_fd : callee_fd, r;

    for (int k = 0; k < MESSAGES_AT_ONCE && (r = receive(fd, b, sizeof b - 1, &at, &from, 0)) > 0; k++) {
      b[r] = 0;
      on_sip(fd, b, at, &from);
    }
  }
}

/* OPTIONS every 5 ms until one is answered; the exit code. */
int wait_for_options(void)
{
  i64 begin = now(), at;
  char b[MESSAGE_MAX];

  for (int k = 0; now() - begin < opt.wait_for_options * SEC; k++) {
    int n = sprintf(b, "OPTIONS sip:%s SIP/2.0\r\nVia: SIP/2.0/UDP %s:%d;branch=z9hG4bKo%d.%x;rport\r\n"
                    "Max-Forwards: 70\r\nFrom: <sip:b@%s:%d>;tag=o%d\r\nTo: <sip:%s>\r\nCall-ID: o%d-%x\r\n"
                    "CSeq: 1 OPTIONS\r\nContact: <sip:b@%s:%d>\r\nContent-Length: 0\r\n\r\n", opt.host, opt.local,
                    sip_port, k, run_id, opt.local, sip_port, k, opt.host, k, run_id, opt.local, sip_port);

    sendto(sip_fd, b, n, 0, (void *) &there, sizeof there);
    usleep(5000);
    if (receive(sip_fd, b, sizeof b - 1, &at, 0, 0) > 0) {
      printf("{\"options_ms\": %.1f}\n", (at - begin) / 1e6);
      return 0;
    }
  }
  printf("{\"options_ms\": null}\n");
  return 1;
}
