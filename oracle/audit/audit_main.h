/* SPDX-License-Identifier: Apache-2.0 */
/* The sub-command `audit`; argv[0] is its name. */
#ifndef AUDIT_MAIN_H
#define AUDIT_MAIN_H

int mmax_audit_main(int argc, char **argv);

#endif
