/* SPDX-License-Identifier: Apache-2.0 */
/* The `multimax` command: a table of sub-commands, each in a file of its own. */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "fault.h"
#include "multimax.h"

static const struct command commands[] = {
    {"eval", "run the library on logits from a file", command_eval},
    {"oracle", "the same functions over the real numbers, correctly rounded", command_oracle},
    {"check", "compare the library with the oracle and with its proven bounds", command_check},
    {"params", "what to know before deploying a modulator's 8 numbers", command_params},
    {"audit", "find what is wrong with anybody's softmax or MultiMax", mmax_audit_main},
    {"ptx", "execute and audit CUDA kernels' PTX without a GPU", mmax_ptx_main},
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static const char overview[] =
    "multimax: MultiMax, softmax of a learned piecewise quadratic modulator, with known accuracy\n"
    "\n"
    "usage: multimax COMMAND [options]      multimax COMMAND --help      multimax --version\n"
    "\n";

static const char details[] =
    "\n"
    "MultiMax (Zhou, Fritz, Keuper, ICML 2024, Eq. 6) is softmax(sigma(x)) with\n"
    "    sigma(x) = x + c1 relu(b1-x) + c2 relu(x-d1) + c3 relu(b2-x)^2 + c4 relu(x-d2)^2\n"
    "    c1 = 1-t_b1, c2 = t_d1-1, c3 = 1-t_b2, c4 = t_d2-1\n"
    "The library computes it in float64 and rounds once to float32: the same bits on every\n"
    "processor. The oracle computes the real number and rounds it correctly.\n"
    "\n"
    "Where the 8 numbers come from (--params):\n"
    "    softmax                             no modulator at all\n"
    "    deit-small:1..12, wikitext103:1..6  learned layers, Tables 7 and 8 of the paper\n"
    "    FILE.csv:ROW                        header tb1,td1,tb2,td2,b1,d1,b2,d2 or "
    "ts0,..,ts3,b1,..\n"
    "    FILE.json                           {\"temperatures\": [..], \"knots\": [..]} or\n"
    "                                        {\"ts\": [..], \"ranges\": [..]}; see the manual "
    "page\n"
    "\n"
    "First steps:\n"
    "    echo '0 1 2.5' | multimax eval --params deit-small:11 --input - --output -\n"
    "    multimax params --params deit-small:1\n"
    "    multimax check --params deit-small:11 --input x.npy\n"
    "\n"
    "Exit status: 0 done (check: within the bound), 1 check found a result outside its bound,\n"
    "2 wrong usage or input (the message names the file and the place).\n";

static int print_overview(FILE *stream) {
  (void)fputs(overview, stream);
  for (int k = 0; k < COMMANDS; k++)
    (void)fprintf(stream, "  %-8s %s\n", commands[k].name, commands[k].summary);
  (void)fputs(details, stream);
  return stream == stdout ? EXIT_FINE : EXIT_INPUT;
}

int main(int argc, char **argv) {
  if (argc < 2) return print_overview(stderr);
  if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0)
    return print_overview(stdout);
  if (strcmp(argv[1], "--version") == 0) {
    (void)printf("multimax %d.%d.%d\n", MMAX_VERSION_MAJOR, MMAX_VERSION_MINOR, MMAX_VERSION_PATCH);
    return EXIT_FINE;
  }
  for (int k = 0; k < COMMANDS; k++)
    if (strcmp(argv[1], commands[k].name) == 0) return commands[k].run(argc - 1, argv + 1);
  (void)fprintf(stderr, "multimax: unknown %s '%s'; see multimax --help\n",
                argv[1][0] == '-' ? "option" : "command", argv[1]);
  return EXIT_INPUT;
}
