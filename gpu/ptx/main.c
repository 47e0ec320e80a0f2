/* SPDX-License-Identifier: Apache-2.0 */
/* Stand-alone build of the `ptx` command. */
#include "ptx.h"

int main(int argc, char **argv)
{
    return mmax_ptx_main(argc, argv);
}
