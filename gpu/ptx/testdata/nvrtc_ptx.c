/* SPDX-License-Identifier: Apache-2.0 */
/* Compiles a CUDA source with NVRTC: nvrtc_ptx FILE.cu OPTION... writes PTX to standard output. The library is the one that
   MMAX_NVRTC names, else libnvrtc.so. NVRTC has no C library: the few standard headers that kernels need stand here. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct _nvrtcProgram *nvrtcProgram;

static const char *const names[] = {"stdint.h", "stddef.h", "type_traits", "cuda_runtime.h"};
static const char *const headers[] = {
    "typedef signed char int8_t; typedef unsigned char uint8_t; typedef short int16_t; typedef unsigned short uint16_t;\n"
    "typedef int int32_t; typedef unsigned uint32_t; typedef long long int64_t; typedef unsigned long long uint64_t;\n"
    "typedef unsigned long uintptr_t; typedef long intptr_t;\n"
    "#define INFINITY __longlong_as_double(0x7ff0000000000000LL)\n#define UINT64_MAX 0xffffffffffffffffULL\n"
    "#define INT64_MAX 0x7fffffffffffffffLL\n#define INT32_MAX 0x7fffffff\n#define UINT32_MAX 0xffffffffu\n"
    "#define UINT64_C(x) x##ULL\n#define INT64_C(x) x##LL\n#define SIZE_MAX 0xffffffffffffffffUL\n",
    "typedef unsigned long size_t;\n#ifndef NULL\n#define NULL 0\n#endif\n#ifndef offsetof\n#define offsetof(t, m) __builtin_offsetof(t, m)\n#endif\n",
    "namespace std {\ntemplate <class A, class B> struct is_same { static const bool value = false; };\n"
    "template <class A> struct is_same<A, A> { static const bool value = true; };\n"
    "template <class A, class B> inline constexpr bool is_same_v = is_same<A, B>::value;\n"
    "template <bool C, class A, class B> struct conditional { typedef A type; };\n"
    "template <class A, class B> struct conditional<false, A, B> { typedef B type; };\n"
    "template <bool C, class A, class B> using conditional_t = typename conditional<C, A, B>::type;\n}\n",
    "\n"};

static void *need(void *library, const char *name)
{
    void *symbol = dlsym(library, name);
    if (!symbol) {
        fprintf(stderr, "%s\n", dlerror());
        exit(3);
    }
    return symbol;
}

int main(int argc, char **argv)
{
    const char *path = getenv("MMAX_NVRTC");
    void *library = dlopen(path ? path : "libnvrtc.so", RTLD_NOW);
    if (!library) {
        fprintf(stderr, "%s\n", dlerror());
        return 3;
    }
    int (*create)(nvrtcProgram *, const char *, const char *, int, const char *const *, const char *const *);
    int (*compile)(nvrtcProgram, int, const char *const *), (*size_of)(nvrtcProgram, size_t *), (*get)(nvrtcProgram, char *);
    *(void **)&create = need(library, "nvrtcCreateProgram");
    *(void **)&compile = need(library, "nvrtcCompileProgram");
    static char source[1 << 18];
    FILE *in = argc >= 3 ? fopen(argv[1], "rb") : NULL;
    if (!in)
        return 2;
    source[fread(source, 1, sizeof source - 1, in)] = 0;
    fclose(in);
    nvrtcProgram program;
    size_t size = 0;
    if (create(&program, source, argv[1], sizeof names / sizeof *names, headers, names))
        return 2;
    int failed = compile(program, argc - 2, (const char *const *)argv + 2);
    *(void **)&size_of = need(library, failed ? "nvrtcGetProgramLogSize" : "nvrtcGetPTXSize");
    *(void **)&get = need(library, failed ? "nvrtcGetProgramLog" : "nvrtcGetPTX");
    char *text = size_of(program, &size) ? NULL : malloc(size + 1);
    if (!text || get(program, text))
        return 2;
    fputs(text, failed ? stderr : stdout);
    free(text);
    return failed ? 2 : 0;
}
