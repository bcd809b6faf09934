// A device that reads a status list with libtroth-verify, for test_72_status_lists.py, never
// installed.
//
// usage: status-probe POINT FILE ISSUER CLASS NUMBER NOW GENERATION
// POINT is the key whose lists count, 04 || x || y in hex; NOW 0 is a device without a clock.
// Prints the verdict, the list's generation, and the time that is over for certain by now.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <troth/status.h>
#include <zlib.h>

#define FILE_MAX (1 << 20)

// zlib with a window, a piece at a time: nothing is kept but the octet that was asked for.
static bool inflate_octet(void *context, struct troth_octets compressed, size_t n, size_t offset,
                          uint8_t *ret)
{
    uint8_t piece[512];
    z_stream stream = {.next_in = (z_const Bytef *)(uintptr_t)compressed.p,
                       .avail_in = (uInt)compressed.n};
    size_t done = 0;
    int said = Z_OK;
    (void)context;
    if (inflateInit(&stream) != Z_OK)
        return false;
    while (said == Z_OK && done <= n) {
        stream.next_out = piece;
        stream.avail_out = sizeof piece;
        said = inflate(&stream, Z_NO_FLUSH);
        size_t got = sizeof piece - stream.avail_out;
        if (offset >= done && offset - done < got)
            *ret = piece[offset - done];
        done += got;
    }
    inflateEnd(&stream);
    return said == Z_STREAM_END && done == n && stream.avail_in == 0;
}

static bool read_point(const char *hex, uint8_t ret[TROTH_POINT_N])
{
    for (size_t i = 0; i < TROTH_POINT_N; i++, hex += 2)
        if (sscanf(hex, "%2" SCNx8, &ret[i]) != 1)
            return false;
    return *hex == '\0';
}

static size_t read_file(const char *path, uint8_t *ret)
{
    FILE *file = fopen(path, "rb");
    size_t n = file == NULL ? 0 : fread(ret, 1, FILE_MAX, file);
    if (file != NULL)
        fclose(file);
    return n;
}

int main(int argc, char **argv)
{
    static const struct troth_algorithm *const algorithms[] = {&troth_es256};
    static const struct troth_crypto crypto = {algorithms, 1, &troth_hash_small, NULL};
    static uint8_t file[FILE_MAX];
    uint8_t point[TROTH_POINT_N];
    if (argc != 8 || !read_point(argv[1], point)) {
        fprintf(stderr, "usage: status-probe POINT FILE ISSUER CLASS NUMBER NOW GENERATION\n");
        return 2;
    }
    const struct troth_keyset keys = {
        .sequence = 1,
        .floor = 1,
        .wanted = {0, 0, 1, 0},
        .n = 1,
        .keys = {{1, TROTH_ES256, TROTH_USE_STATUS, {point, sizeof point}}},
    };
    const int64_t now_s = strtoll(argv[6], NULL, 10);
    struct troth_time time = {.has_clock = now_s > 0, .clock_s = now_s};
    const struct troth_status_terms terms = {
        &crypto, &keys, inflate_octet, NULL, strtoull(argv[7], NULL, 10), &time};
    const struct troth_status_place place = {(uint32_t)strtoul(argv[3], NULL, 10),
                                             (uint8_t)strtoul(argv[4], NULL, 10),
                                             (uint32_t)strtoul(argv[5], NULL, 10)};
    struct troth_status status = {0};
    struct troth_fault fault;
    enum troth_verdict verdict = troth_status_verify(
        &terms, (struct troth_octets){file, read_file(argv[2], file)}, &place, &status, &fault);
    printf("%s %" PRIu64 " %" PRId64 "\n", troth_verdict_name(verdict), status.generation,
           time.floor_s);
    return 0;
}
