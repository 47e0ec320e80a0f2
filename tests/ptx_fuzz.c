/* SPDX-License-Identifier: Apache-2.0 */
/* Claim: damaged PTX is refused or runs with its checks on; it never crashes the executor or hangs it. */
#include "ptx_forward.h"

static uint64_t state = 20240611;

static uint32_t draw(uint32_t below)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((state >> 33) % below);
}

/* One of: a changed byte, a removed or doubled line, two swapped words, a cut file. */
static size_t damage(char *text, size_t length, size_t room)
{
    static const char bytes[] = "%$@!.,;:{}[]()<>0123456789abcdefprs_+-|\" \n\t";
    size_t at = draw((uint32_t)length), line = at, end = at;
    while (line && text[line - 1] != '\n')
        line--;
    while (end < length && text[end] != '\n')
        end++;
    switch (draw(6)) {
    case 0:
    case 1:
        text[at] = bytes[draw(sizeof bytes - 1)];
        return length;
    case 2:
        memmove(text + line, text + end, length - end);
        return length - (end - line);
    case 3:
        if (length + (end - line) >= room)
            return length;
        memmove(text + end, text + line, length - line);
        return length + (end - line);
    case 4: {
        size_t other = draw((uint32_t)length), n = 1 + draw(6);
        for (size_t k = 0; k < n && at + k < length && other + k < length; k++) {
            char c = text[at + k];
            text[at + k] = text[other + k];
            text[other + k] = c;
        }
        return length;
    }
    default:
        return draw(8) ? length : at;
    }
}

int main(void)
{
    static const char *const files[] = {"gpu/ptx/testdata/forward.sm_80.ptx", "gpu/ptx/testdata/opcodes.sm_120.ptx",
                                        "gpu/ptx/testdata/cluster.sm_90.ptx", "tests/data/ptx/tile.ptx", "tests/data/ptx/warp.ptx", "tests/data/ptx/ring.ptx",
                                        "gpu/ptx/testdata/foreign/softmax_inductor.sm_100.ptx"};
    enum { ROOM = 1 << 17, ROUNDS = 400 };
    static char good[ROOM], text[ROOM];
    size_t loaded = 0, refused = 0, launched = 0, silent = 0;
    for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
        FILE *in = fopen(files[f], "rb");
        size_t length = in ? fread(good, 1, ROOM - 1, in) : 0;
        if (in)
            fclose(in);
        for (int round = 0; round < ROUNDS; round++) {
            char error[MMAX_PTX_ERROR_SIZE] = "";
            memcpy(text, good, length);
            size_t n = length;
            for (uint32_t k = 1 + draw(3); k && n; k--)
                n = damage(text, n, ROOM);
            struct mmax_ptx_module *module = mmax_ptx_load_text("fuzz", text, n, error);
            if (!module) {
                refused++;
                silent += error[0] == 0;
                continue;
            }
            loaded++;
            for (int k = 0; k < mmax_ptx_kernel_count(module); k++) {
                const char *kernel = mmax_ptx_kernel_name(module, k);
                struct mmax_ptx_audit audit;
                if (mmax_ptx_audit(module, kernel, &audit, error) == 0)
                    mmax_ptx_audit_free(&audit);
                unsigned char params[256] = {0}, data[2][4096] = {{0}};
                struct mmax_ptx_machine *m = mmax_ptx_machine_new();
                struct mmax_ptx_launch l = {.kernel = kernel, .grid = {2}, .block = {64}, .params = params, .step_limit = 3000};
                for (int p = 0; p < 2; p++) {
                    uint64_t address = mmax_ptx_buffer(m, data[p], sizeof data[p], MMAX_PTX_WRITABLE | MMAX_PTX_INITIALISED, 0);
                    memcpy(params + 8 * p, &address, 8);
                }
                size_t size;
                long offset;
                for (int p = 0; (offset = mmax_ptx_param_offset(module, kernel, p, &size)) >= 0 && (size_t)offset + size <= sizeof params; p++)
                    l.params_size = (size_t)offset + size;
                launched += mmax_ptx_launch(m, module, &l, error) == 0;
                mmax_ptx_machine_free(m);
            }
            mmax_ptx_module_free(module);
        }
    }
    int fail = silent || refused < 100 || launched < 100;
    printf("%s ptx_fuzz loaded=%zu refused=%zu launched=%zu silent=%zu\n", fail ? "FAIL" : "PASS", loaded, refused, launched, silent);
    return fail;
}
