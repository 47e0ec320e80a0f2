/* SPDX-License-Identifier: Apache-2.0 */
/* Compiles a CUDA source with NVRTC: nvrtc_ptx FILE.cu compute_NN writes PTX to standard output. */
#include <nvrtc.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    static const char stdint_h[] = "typedef long long int64_t; typedef unsigned long long uint64_t; typedef int int32_t; "
                                   "typedef unsigned uint32_t;\n#define INFINITY __longlong_as_double(0x7ff0000000000000LL)\n";
    const char *header = stdint_h, *name = "stdint.h";
    char source[1 << 16], arch[64];
    FILE *in = argc == 3 ? fopen(argv[1], "rb") : NULL;
    if (!in)
        return 2;
    source[fread(source, 1, sizeof source - 1, in)] = 0;
    fclose(in);
    snprintf(arch, sizeof arch, "--gpu-architecture=%s", argv[2]);
    const char *options[] = {arch};
    nvrtcProgram program;
    size_t size = 0;
    if (nvrtcCreateProgram(&program, source, argv[1], 1, &header, &name) != NVRTC_SUCCESS)
        return 2;
    nvrtcResult result = nvrtcCompileProgram(program, 1, options);
    nvrtcGetProgramLogSize(program, &size);
    char *log = malloc(size + 1);
    if (log && nvrtcGetProgramLog(program, log) == NVRTC_SUCCESS && result != NVRTC_SUCCESS)
        fprintf(stderr, "%s\n", log);
    free(log);
    if (result != NVRTC_SUCCESS || nvrtcGetPTXSize(program, &size) != NVRTC_SUCCESS)
        return 2;
    char *ptx = malloc(size);
    if (!ptx || nvrtcGetPTX(program, ptx) != NVRTC_SUCCESS)
        return 2;
    fputs(ptx, stdout);
    free(ptx);
    nvrtcDestroyProgram(&program);
    return 0;
}
