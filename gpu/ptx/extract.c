/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PTX and machine code out of what nvcc builds: object, archive, library or program. Each holds containers that begin with
 * a magic number: 16 bytes of header, then entries of a header and a payload. Compressed payloads are refused; nvcc
 * leaves them plain with --no-compress.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "extract.h"
#include "launch_args.h"

enum { CONTAINER_HEAD = 16, ENTRY_HEAD = 64, KIND_PTX = 1, KIND_CUBIN = 2, LZ4 = 0x2000, ZSTD = 0x8000 };

static uint64_t field(const unsigned char *p, int bytes)
{
    uint64_t v = 0;
    while (bytes--)
        v = v << 8 | p[bytes];
    return v;
}

static int save(const char *path, const unsigned char *data, size_t size)
{
    char part[4096];
    if ((size_t)snprintf(part, sizeof part, "%s.part%ld", path, (long)getpid()) >= sizeof part)
        return 2;
    FILE *out = fopen(part, "wb");
    bool good = out && fwrite(data, 1, size, out) == size;
    good = out && fclose(out) == 0 && good && rename(part, path) == 0;
    if (!good) {
        remove(part);
        fprintf(stderr, "ptx: %s: cannot be written\n", path);
    }
    return good ? 0 : 2;
}

/* One entry; its payload lies inside the file. */
static int take(const char *file, const unsigned char *entry, const unsigned char *payload, size_t size, int container, const char *folder)
{
    const unsigned kind = (unsigned)field(entry, 2), sm = (unsigned)field(entry + 28, 4);
    const uint64_t flags = field(entry + 40, 8);
    if (kind != KIND_PTX && kind != KIND_CUBIN)
        return 0;
    if (flags & (LZ4 | ZSTD)) {
        fprintf(stderr, "ptx: %s: container %d: %s of sm_%u is compressed: build with --no-compress\n", file, container,
                kind == KIND_PTX ? "PTX" : "cubin", sm);
        return 2;
    }
    while (kind == KIND_PTX && size && payload[size - 1] == 0)      /* padding */
        size--;
    char path[4096];
    if ((size_t)snprintf(path, sizeof path, "%s/%d.sm_%u.%s", folder, container, sm, kind == KIND_PTX ? "ptx" : "cubin") >= sizeof path)
        return 2;
    printf("%s\n", path);
    return save(path, payload, size);
}

static int take_all(const char *file, const unsigned char *at, size_t size, int container, const char *folder)
{
    while (size) {
        if (size < ENTRY_HEAD)
            return 2;
        const uint64_t head = field(at + 4, 4), payload = field(at + 8, 8);
        if (head < ENTRY_HEAD || head > size || payload > size - head)
            return 2;
        int status = take(file, at, at + head, (size_t)payload, container, folder);
        if (status)
            return status;
        at += head + payload;
        size -= (size_t)(head + payload);
    }
    return 0;
}

int extract_file(const char *file, const char *folder)
{
    static const unsigned char magic[8] = {0x50, 0xed, 0x55, 0xba, 1, 0, CONTAINER_HEAD, 0};
    unsigned char *data;
    size_t size, at = 0;
    int containers = 0, status = read_whole(file, &data, &size);
    if (status)
        return 2;
    while (!status && size - at >= CONTAINER_HEAD) {
        if (memcmp(data + at, magic, sizeof magic) != 0) {
            at++;
            continue;
        }
        const uint64_t length = field(data + at + 8, 8);
        at += CONTAINER_HEAD;
        status = length > size - at ? 2 : take_all(file, data + at, (size_t)length, containers, folder);
        if (status)
            fprintf(stderr, "ptx: %s: container %d cannot be taken out\n", file, containers);
        else
            at += (size_t)length;
        containers++;
    }
    if (!status && !containers) {
        fprintf(stderr, "ptx: %s: holds no CUDA code\n", file);
        status = 2;
    }
    free(data);
    return status;
}
