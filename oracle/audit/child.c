/* SPDX-License-Identifier: Apache-2.0 */
/* See child.h. */
#define _GNU_SOURCE
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

const char *const child_event_names[CHILD_EVENTS] = {"answered", "refused", "hung",
                                                     "died",     "memory",  "garbage"};

static double now_seconds(void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- starting ----------------------------------------------------------- */

static void run_command(const char *command, const struct child_limits *limits) {
  if (limits->memory_mib > 0) {
    rlim_t bytes = (rlim_t)limits->memory_mib << 20;
    struct rlimit limit = {bytes, bytes};
    (void)setrlimit(RLIMIT_DATA, &limit);
  }
  struct rlimit no_core = {0, 0};
  (void)setrlimit(RLIMIT_CORE, &no_core);
  if (command[0] == '@')
    (void)execl("/proc/self/exe", "multimax", "audit", "--serve", command + 1, (char *)NULL);
  else
    (void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
  _exit(127);
}

static int make_pipes(int pipes[3][2]) {
  for (int k = 0; k < 3; k++)
    if (pipe2(pipes[k], O_CLOEXEC) != 0) {
      while (k-- > 0) {
        (void)close(pipes[k][0]);
        (void)close(pipes[k][1]);
      }
      return -1;
    }
  return 0;
}

static int spawn(struct child *child, const char *command, struct fault *fault) {
  int pipes[3][2];
  if (make_pipes(pipes) != 0) return fault_set(fault, "pipe: %s", strerror(errno));
  pid_t pid = fork();
  if (pid == 0) {
    (void)setpgid(0, 0);
    (void)dup2(pipes[0][0], 0);
    (void)dup2(pipes[1][1], 1);
    (void)dup2(pipes[2][1], 2);
    (void)signal(SIGPIPE, SIG_DFL);
    run_command(command, &child->limits);
  }
  (void)close(pipes[0][0]);
  (void)close(pipes[1][1]);
  (void)close(pipes[2][1]);
  child->in = pipes[0][1];
  child->out = pipes[1][0];
  child->err = pipes[2][0];
  if (pid < 0) {
    child_stop(child);
    return fault_set(fault, "fork: %s", strerror(errno));
  }
  (void)setpgid(pid, pid);
  child->pid = pid;
  (void)fcntl(child->in, F_SETFL, O_NONBLOCK);
  (void)fcntl(child->out, F_SETFL, O_NONBLOCK);
  (void)fcntl(child->err, F_SETFL, O_NONBLOCK);
  return 0;
}

/* ---- waiting ------------------------------------------------------------ */

static void drain_errors(struct child *child) {
  char block[1024];
  for (int rounds = 0; rounds < 64; rounds++) {
    ssize_t n = read(child->err, block, sizeof block);
    if (n <= 0) return;
    for (ssize_t k = 0; k < n; k++) {
      char c = block[k];
      if (child->tail_length == CHILD_TAIL - 1) {
        memmove(child->tail, child->tail + 1, CHILD_TAIL - 2);
        child->tail_length--;
      }
      child->tail[child->tail_length++] = c < 0x20 || c > 0x7e ? ' ' : c;
    }
    child->tail[child->tail_length] = '\0';
  }
}

/* Bytes still to send and still to receive of one exchange. */
struct flow {
  const char *send[4];
  size_t send_left[4];
  double deadline;
};

enum wait_result { WAIT_READY, WAIT_TIMEOUT, WAIT_END };

static void send_some(struct child *child, struct flow *flow) {
  for (int k = 0; k < 4; k++)
    while (flow->send_left[k] > 0) {
      ssize_t n = write(child->in, flow->send[k], flow->send_left[k]);
      if (n < 0 && errno == EPIPE) { /* seen again as the end of its output */
        memset(flow->send_left, 0, sizeof flow->send_left);
        return;
      }
      if (n <= 0) return;
      flow->send[k] += n;
      flow->send_left[k] -= (size_t)n;
    }
}

/* Sends while waiting until a byte can be read. */
static enum wait_result wait_output(struct child *child, struct flow *flow) {
  for (;;) {
    double left = flow->deadline - now_seconds();
    if (left <= 0) return WAIT_TIMEOUT;
    int sending = flow->send_left[0] + flow->send_left[1] + flow->send_left[2] + flow->send_left[3] > 0;
    struct pollfd fds[3] = {{child->out, POLLIN, 0},
                            {child->err, POLLIN, 0},
                            {sending ? child->in : -1, POLLOUT, 0}};
    int n = poll(fds, 3, left > 1 ? 1000 : (int)(left * 1000) + 1);
    if (n < 0 && errno != EINTR) return WAIT_END;
    if (n <= 0) continue;
    if (fds[1].revents & POLLIN) drain_errors(child);
    else if (fds[1].revents & POLLHUP) { /* closed standard error: stop looking at it */
      (void)close(child->err);
      child->err = -1;
    }
    if (fds[2].revents) send_some(child, flow);
    if (fds[0].revents & POLLIN) return WAIT_READY;
    if (fds[0].revents & (POLLHUP | POLLERR)) return WAIT_END;
  }
}

/* One line without its newline; -1: `event` says why. */
static int read_line(struct child *child, struct flow *flow, char *line, size_t room,
                     enum child_event *event) {
  size_t length = 0;
  for (;;) {
    enum wait_result w = wait_output(child, flow);
    if (w != WAIT_READY) {
      *event = w == WAIT_TIMEOUT ? CHILD_HUNG : CHILD_DIED;
      line[length] = '\0';
      return -1;
    }
    ssize_t n = read(child->out, line + length, 1);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
      *event = CHILD_DIED;
      line[length] = '\0';
      return -1;
    }
    if (n < 0) continue;
    if (line[length] == '\n') break;
    if (++length == room - 1) {
      *event = CHILD_GARBAGE;
      line[length] = '\0';
      return -1;
    }
  }
  line[length] = '\0';
  return strlen(line) == length ? 0 : (*event = CHILD_GARBAGE, -1);
}

static int read_block(struct child *child, struct flow *flow, void *to, size_t bytes,
                      enum child_event *event) {
  char *at = to;
  while (bytes > 0) {
    enum wait_result w = wait_output(child, flow);
    if (w != WAIT_READY) {
      *event = w == WAIT_TIMEOUT ? CHILD_HUNG : CHILD_DIED;
      return -1;
    }
    ssize_t n = read(child->out, at, bytes);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
      *event = CHILD_DIED;
      return -1;
    }
    if (n < 0) continue;
    at += n;
    bytes -= (size_t)n;
  }
  return 0;
}

/* ---- ending ------------------------------------------------------------- */

static void close_all(struct child *child) {
  if (child->in >= 0) (void)close(child->in);
  if (child->out >= 0) (void)close(child->out);
  if (child->err >= 0) (void)close(child->err);
  child->in = child->out = child->err = -1;
}

static int out_of_memory_words(const char *tail) {
  static const char *const words[] = {"MemoryError", "bad_alloc", "ut of memory",
                                      "Cannot allocate memory"};
  for (size_t k = 0; k < sizeof words / sizeof words[0]; k++)
    if (strstr(tail, words[k]) != NULL) return 1;
  return 0;
}

enum { SHOWN = 100 }; /* of the tail, in a message */

/* Reaps the child and describes its end in why; may turn CHILD_DIED into CHILD_MEMORY. */
static enum child_event bury(struct child *child, enum child_event event, const char *during) {
  int status = 0, gone = 0;
  struct rusage usage;
  memset(&usage, 0, sizeof usage);
  for (int k = 0; k < 50 && !gone && event == CHILD_DIED; k++) {
    gone = wait4(child->pid, &status, WNOHANG, &usage) == child->pid;
    if (!gone) {
      struct timespec pause = {0, 10000000};
      (void)nanosleep(&pause, NULL);
    }
  }
  if (child->err >= 0) drain_errors(child);
  char ending[160] = "";
  if (gone && WIFSIGNALED(status))
    (void)snprintf(ending, sizeof ending, " by signal %d (%s)", WTERMSIG(status),
                   strsignal(WTERMSIG(status)));
  else if (gone && WEXITSTATUS(status) == 127)
    (void)snprintf(ending, sizeof ending, ": its command could not be run");
  else if (gone)
    (void)snprintf(ending, sizeof ending, " with exit status %d", WEXITSTATUS(status));
  double peak = (double)usage.ru_maxrss / 1024;
  size_t limit = child->limits.memory_mib;
  if (event == CHILD_DIED && limit > 0 &&
      (peak > 0.6 * (double)limit || out_of_memory_words(child->tail))) {
    event = CHILD_MEMORY;
    size_t used = strlen(ending);
    (void)snprintf(ending + used, sizeof ending - used, ", memory limit %zu MiB", limit);
  }
  (void)kill(-child->pid, SIGKILL);
  if (!gone) {
    (void)kill(child->pid, SIGKILL);
    (void)waitpid(child->pid, NULL, 0);
  }
  close_all(child);
  child->pid = 0;
  size_t shown = child->tail_length > SHOWN ? child->tail_length - SHOWN : 0;
  (void)snprintf(child->why, sizeof child->why, "%s%s%s%s", during, ending,
                 child->tail_length > 0 ? "; its standard error ends: " : "", child->tail + shown);
  return event;
}

void child_stop(struct child *child) {
  if (child->in >= 0) (void)close(child->in);
  child->in = -1;
  if (child->pid > 0) {
    int gone = 0;
    for (int k = 0; k < 40 && !gone; k++) {
      gone = waitpid(child->pid, NULL, WNOHANG) == child->pid;
      struct timespec pause = {0, 5000000};
      if (!gone) (void)nanosleep(&pause, NULL);
    }
    (void)kill(-child->pid, SIGKILL);
    if (!gone) {
      (void)kill(child->pid, SIGKILL);
      (void)waitpid(child->pid, NULL, 0);
    }
  }
  child->pid = 0;
  close_all(child);
}

/* ---- talking ------------------------------------------------------------ */

int child_start(struct child *child, const char *command, const struct child_limits *limits,
                struct fault *fault) {
  enum child_event event = CHILD_DIED;
  memset(child, 0, sizeof *child);
  child->limits = *limits;
  child->in = child->out = child->err = -1;
  if (spawn(child, command, fault) != 0) return -1;
  struct flow flow = {{WIRE_HELLO}, {sizeof WIRE_HELLO - 1}, now_seconds() + limits->start_seconds};
  if (read_line(child, &flow, child->hello, sizeof child->hello, &event) == 0) return 0;
  char during[160];
  (void)snprintf(during, sizeof during, event == CHILD_HUNG ? "gave no greeting within %g s"
                                        : event == CHILD_DIED ? "ended before its greeting"
                                                              : "gave no greeting but garbage",
                 limits->start_seconds);
  (void)bury(child, event, during);
  return fault_set(fault, "subject '%.200s' %.400s", command, child->why);
}

/* A few bytes of what came instead of a reply. */
static void quote(char *to, size_t room, const char *line) {
  size_t n = 0;
  for (; line[n] != '\0' && n + 1 < room && n < 60; n++)
    to[n] = line[n] < 0x20 || line[n] > 0x7e ? '?' : line[n];
  to[n] = '\0';
}

enum child_event child_call(struct child *child, const struct wire_request *request,
                            const float *logits, const uint8_t *mask, const float *upstream,
                            struct child_answer *answer) {
  char header[WIRE_LINE_MAX], line[WIRE_LINE_MAX], during[256], start[64];
  struct wire_reply reply;
  enum child_event event = CHILD_ANSWERED;
  size_t cells = request->rows * request->cols;
  struct flow flow = {
      {header, (const char *)logits, (const char *)mask, (const char *)upstream},
      {wire_compose_request(header, request), request->rows * request->stride * sizeof(float),
       request->has_mask ? cells : 0, request->op == WIRE_BACKWARD ? cells * sizeof(float) : 0},
      now_seconds() + child->limits.call_seconds + 1e-5 * (double)cells};
  child->why[0] = '\0';
  if (read_line(child, &flow, line, sizeof line, &event) != 0) {
    quote(start, sizeof start, line);
    (void)snprintf(during, sizeof during,
                   event == CHILD_HUNG   ? "gave no answer within %g s"
                   : event == CHILD_DIED ? "ended during the call"
                                         : "printed a line without end",
                   child->limits.call_seconds);
    return bury(child, event, during);
  }
  if (wire_parse_reply(&reply, line) != 0 || reply.id != request->id) {
    quote(start, sizeof start, line);
    (void)snprintf(during, sizeof during, "answered '%s' instead of a reply to request %llu",
                   start, (unsigned long long)request->id);
    return bury(child, CHILD_GARBAGE, during);
  }
  if (reply.refused) {
    (void)snprintf(child->why, sizeof child->why, "%s", reply.reason);
    return CHILD_REFUSED;
  }
  if (reply.out != answer->out_expected || reply.echo != answer->echo_expected ||
      reply.params > MMAX_NPARAMS) {
    (void)snprintf(during, sizeof during,
                   "announced %zu outputs, %zu echoed inputs, %zu parameter gradients; wanted "
                   "%zu, %zu, at most %d",
                   reply.out, reply.echo, reply.params, answer->out_expected,
                   answer->echo_expected, MMAX_NPARAMS);
    return bury(child, CHILD_GARBAGE, during);
  }
  answer->guard_broken = reply.guard_broken;
  answer->params_got = reply.params;
  if (read_block(child, &flow, answer->out, reply.out * sizeof(float), &event) != 0 ||
      read_block(child, &flow, answer->echo, reply.echo * sizeof(float), &event) != 0 ||
      read_block(child, &flow, answer->params, reply.params * sizeof(double), &event) != 0) {
    (void)snprintf(during, sizeof during, event == CHILD_HUNG ? "stopped inside its answer (%g s)"
                                                              : "ended inside its answer",
                   child->limits.call_seconds);
    return bury(child, event, during);
  }
  return CHILD_ANSWERED;
}
