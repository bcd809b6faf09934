#include "audit.h"

#include <ipc/role.h>
#include <ledger/ledger.h>
#include <wire/hex.h>

#include <inttypes.h>

enum result audit_open_store(const struct config *config, struct store **ret, struct err *err)
{
    char path[CONFIG_PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/%s/%s", config->data, ROLE_FOLDER_STORE, ROLE_FILE_STORE);
    return store_open(path, STORE_READ, ret, err);
}

static void hex_text(struct bytes octets, char *to)
{
    struct buf hex = buf_over(to, 2 * octets.n);
    hex_encode(&hex, octets);
    to[2 * octets.n] = '\0';
}

void audit_sink_begin(struct audit_sink *sink, FILE *to)
{
    sink->to = to;
    sha256_begin(&sink->digest);
}

void audit_sink_line(struct audit_sink *sink, struct bytes line)
{
    if (sink->to != NULL) {
        fwrite(line.p, 1, line.n, sink->to);
        fputc('\n', sink->to);
    }
    sha256_add(&sink->digest, line);
    sha256_add(&sink->digest, bytes_text("\n"));
}

void audit_sink_tail(struct audit_sink *sink, uint64_t entries, const uint8_t root[32])
{
    char line[128], hex[65];
    hex_text(bytes_of(root, 32), hex);
    int n = snprintf(line, sizeof line, "entries %" PRIu64 " root %s", entries, hex);
    audit_sink_line(sink, bytes_of(line, (size_t)n));
}

void audit_sink_end(struct audit_sink *sink, char ret_digest[65])
{
    uint8_t digest[SHA256_N];
    sha256_end(&sink->digest, digest);
    hex_text(bytes_of(digest, sizeof digest), ret_digest);
}

static enum result take_line(void *ctx, const char *line, size_t n, struct err *err)
{
    (void)err;
    audit_sink_line(ctx, bytes_of(line, n));
    return OK;
}

enum result audit_dump_store(struct store *store, struct audit_sink *sink, struct err *err)
{
    CLEANUP(ledger_closep) struct ledger *ledger = NULL;
    uint8_t root[32];
    TRY(ledger_open(store, &sha256_for_merkle, &ledger, err));
    TRY(store_dump(store, take_line, sink, err));
    ledger_root(ledger, root);
    audit_sink_tail(sink, ledger_size(ledger), root);
    return OK;
}
