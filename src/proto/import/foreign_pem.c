/* Certificates in PEM (RFC 7468), one after the other. */
#include "foreign.h"
#include "lines.h"

#include <string.h>

#define BEGIN "-----BEGIN CERTIFICATE-----"
#define END "-----END CERTIFICATE-----"

static bool begins_with(struct bytes line, const char *text)
{
    size_t n = strlen(text);
    return line.n >= n && memcmp(line.p, text, n) == 0;
}

/* A block from its first line to the one that ends it, or to where the next one begins. */
static size_t block_length(struct bytes rest, uint32_t *lines)
{
    size_t at = 0;
    bool is_over = false;
    while (at < rest.n && !is_over) {
        struct bytes line = line_first(bytes_slice(rest, at, rest.n));
        if (at > 0 && begins_with(line, BEGIN))
            return at;
        is_over = begins_with(line, END);
        at += line.n;
        (*lines)++;
    }
    return at;
}

static enum result give_block(struct foreign_file *file, struct bytes block, uint32_t number,
                              struct err *err)
{
    struct foreign_read line = {.line = number};
    struct err why = {0};
    enum result result =
        block.n > LIMIT_IMPORT_LINE
            ? err_set(&why, E_TOO_LARGE, "longer than %d octets", LIMIT_IMPORT_LINE)
            : file->sink->certificate(file->sink->context, block, &line, &why);
    return foreign_give(file, &line, result, &why, err);
}

/* Text between blocks says nothing, as RFC 7468 5.2 has it. */
enum result foreign_read_pem(struct foreign_file *file, struct bytes text, struct err *err)
{
    for (uint32_t number = 1; text.n > 0;) {
        struct bytes line = line_first(text);
        uint32_t lines = 0;
        bool is_block = begins_with(line, BEGIN);
        size_t n = is_block ? block_length(text, &lines) : line.n;
        if (is_block)
            TRY(give_block(file, bytes_slice(text, 0, n), number, err));
        number += is_block ? lines : 1;
        text = bytes_slice(text, n, text.n);
    }
    return OK;
}
