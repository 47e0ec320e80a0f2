/* SPDX-License-Identifier: Apache-2.0 */
/* The sub-commands; main.c's table mounts them. argv[0] is the sub-command's name. */
#ifndef MULTIMAX_COMMANDS_H
#define MULTIMAX_COMMANDS_H

struct command {
  const char *name, *summary;
  int (*run)(int argc, char **argv);
};

int command_eval(int argc, char **argv);
int command_oracle(int argc, char **argv);
int command_check(int argc, char **argv);
int command_params(int argc, char **argv);
int mmax_audit_main(int argc, char **argv); /* oracle/audit */
int mmax_ptx_main(int argc, char **argv);   /* gpu/ptx */

#endif
