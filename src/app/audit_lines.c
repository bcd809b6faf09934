/* trothd audit lines: the entries as JSON, a line each, for whoever collects events. At least once:
 * the cursor moves after the lines are out, so that after a crash some may come again and none is
 * missing. */
#include "audit.h"

#include <app/modes.h>
#include <base/file.h>
#include <base/rand.h>
#include <base/text.h>
#include <ledger/act.h>
#include <ledger/entry.h>
#include <proto/api.h>
#include <wire/cbor.h>

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BATCH 1000 /* entries in one snapshot, and between two writes of the cursor */
#define CURSOR_MAX 24

struct lines {
    struct store *store;
    const char *cursor; /* file, or NULL */
    uint64_t next;
    uint64_t left; /* entries that may still be given */
};

/* ---- one entry --------------------------------------------------------------------------------
 */

static const char *actor_word(uint64_t kind)
{
    static const char *const words[] = {"none", "core", "device", "operator", "local"};
    return words[kind < LENGTH_OF(words) ? kind : 0];
}

/* One column, by its name in tables.def. */
static void put_cell(struct api_doc *doc, struct reader *r, uint64_t table, uint64_t number)
{
    const struct column_info *info = column_find((enum column)(table * COLUMNS_PER_TABLE + number));
    const char *name = info != NULL ? info->name : "unknown";
    if (cbor_peek(r) == CBOR_NULL)
        cbor_read_null(r);
    else if (info != NULL && info->type == TYPE_INT)
        api_put_number(doc, NULL, name, cbor_read_int(r));
    else if (info != NULL && info->type == TYPE_TEXT)
        api_put_text(doc, NULL, name, cbor_read_text(r));
    else
        api_put_hex(doc, NULL, name, cbor_read_bytes(r));
}

/* replay_decode() has checked every one of these. */
static void put_change(struct api_doc *doc, const struct replay_change *change)
{
    struct api_doc *item = api_doc_new();
    const struct table_info *table = table_find((enum table)change->table);
    struct reader r = reader_of(change->cells);
    if (item != NULL) {
        api_put_text(item, NULL, "table", text_bytes(table != NULL ? table->name : "unknown"));
        api_put_number(item, NULL, "row", change->id);
        while (reader_ok(&r) && r.left > 0) {
            uint64_t number = cbor_read_uint(&r);
            put_cell(item, &r, change->table, number);
        }
    }
    api_add_doc(doc, "changes", item);
}

/* Product and serial number beside the row's number. A device that a later entry makes is none yet.
 */
static enum result put_device(struct api_doc *doc, struct store *store, int64_t id, struct err *err)
{
    struct device device = {0};
    struct product product = {0};
    enum result result = store_device(store, id, &device, err);
    if (result == OK)
        result = store_product(store, device.product, &product, err);
    if (result != OK)
        return result == R_NOT_FOUND ? OK : result;
    api_put_number(doc, "device", "row", id);
    api_put_text(doc, "device", "product", text_bytes(product.name));
    api_put_text(doc, "device", "serial", text_bytes(device.serial_number));
    return OK;
}

static enum result put_entry(struct api_doc *doc, struct store *store, const struct entry *entry,
                             const struct replay_entry *decoded, struct err *err)
{
    char code[16];
    api_put_number(doc, NULL, "entry", (int64_t)entry->seq);
    api_put_time(doc, NULL, "at", entry->at_s);
    api_put_text(doc, NULL, "event", text_bytes(event_word((enum event)entry->event)));
    api_put_text(doc, "actor", "kind", text_bytes(actor_word(decoded->actor_kind)));
    if (decoded->actor != 0)
        api_put_number(doc, "actor", "row", decoded->actor);
    if (decoded->note != 0) {
        snprintf(code, sizeof code, "E%" PRIu64, decoded->note);
        api_put_text(doc, NULL, "code", text_bytes(code));
    }
    if (decoded->personal.n > 0)
        api_put_hex(doc, NULL, "text_digest", decoded->personal);
    api_list(doc, "changes");
    for (size_t i = 0; i < decoded->n; i++)
        put_change(doc, &decoded->changes[i]);
    return decoded->device > 0 ? put_device(doc, store, decoded->device, err) : OK;
}

static enum result write_line(struct bytes line, struct err *err)
{
    if (fwrite(line.p, 1, line.n, stdout) == line.n && fputc('\n', stdout) != EOF)
        return OK;
    return err_set(err, E_IO, "standard output: %s", strerror(errno));
}

static enum result take_entry(void *ctx, const struct entry *entry, struct err *err)
{
    struct lines *lines = ctx;
    struct replay_entry decoded;
    const char *why = NULL;
    CLEANUP(api_doc_freep) struct api_doc *doc = api_doc_new();
    CLEANUP(blob_free) struct blob line = {0};
    if (doc == NULL)
        return err_set(err, E_MEMORY, "no memory for an entry");
    if (entry->seq != lines->next || !replay_decode(entry->body, &decoded, &why))
        return err_set(err, E_LEDGER, "entry %" PRIu64 ": %s", lines->next,
                       why != NULL ? why : "it is not there");
    TRY(put_entry(doc, lines->store, entry, &decoded, err));
    TRY(api_doc_write(doc, &line, err));
    TRY(write_line(blob_bytes(&line), err));
    lines->next++;
    lines->left--;
    return OK;
}

/* ---- the cursor -------------------------------------------------------------------------------
 */

static enum result read_cursor(const char *path, uint64_t *ret, struct err *err)
{
    CLEANUP(blob_free) struct blob text = {0};
    int64_t number = 0;
    if (!file_exists(path))
        return OK;
    TRY(file_read(path, CURSOR_MAX, &text, err));
    struct bytes digits = blob_bytes(&text);
    if (digits.n > 0 && digits.p[digits.n - 1] == '\n')
        digits.n--;
    enum result result = api_read_number("cursor", digits, 0, INT64_MAX, &number, err);
    if (result != OK) {
        err_prefix(err, "%s", path);
        return result;
    }
    *ret = (uint64_t)number;
    return OK;
}

/* What was given is out of our hands first. */
static enum result keep_cursor(const struct lines *lines, struct err *err)
{
    char text[CURSOR_MAX];
    if (fflush(stdout) != 0)
        return err_set(err, E_IO, "standard output: %s", strerror(errno));
    if (lines->cursor == NULL)
        return OK;
    snprintf(text, sizeof text, "%" PRIu64 "\n", lines->next);
    return file_write(lines->cursor, 0644, text_bytes(text), err);
}

/* A cursor behind the last entry is another log's, or that of one that went back. */
static enum result check_start(const struct lines *lines, struct err *err)
{
    uint64_t size = 0;
    int64_t at_s = 0;
    TRY(store_last_entry(lines->store, &size, &at_s, err));
    if (lines->next <= size)
        return OK;
    return err_set(err, E_CONFLICT,
                   "the cursor is at entry %" PRIu64 ", the log has %" PRIu64
                   ": another log, or one that was restored; begin again without the cursor",
                   lines->next, size);
}

/* ---- the stream -------------------------------------------------------------------------------
 */

static volatile sig_atomic_t must_stop;

static void stop(int signal_number)
{
    (void)signal_number;
    must_stop = 1;
}

static enum result give_batch(struct audit *audit, void *ctx, struct err *err)
{
    struct lines *lines = ctx;
    uint64_t most = lines->left < BATCH ? lines->left : BATCH;
    return store_entries(audit->store, lines->next, most, take_entry, lines, err);
}

static enum result give_all(struct audit *audit, struct lines *lines, bool follows, struct err *err)
{
    while (lines->left > 0 && must_stop == 0) {
        uint64_t before = lines->next;
        TRY(audit_in_snapshot(audit, give_batch, lines, err));
        if (lines->next != before) {
            TRY(keep_cursor(lines, err));
            continue;
        }
        if (!follows)
            break;
        sleep(1); /* a signal ends it */
    }
    return OK;
}

static enum result begin(const struct arguments *arguments, struct lines *lines, struct err *err)
{
    int64_t after = argument_number(arguments, "--after", -1);
    lines->cursor = argument_text(arguments, "--cursor");
    lines->left = (uint64_t)argument_number(arguments, "--limit", INT64_MAX);
    lines->next = (uint64_t)(after + 1);
    if (lines->cursor == NULL)
        return OK;
    if (after >= 0)
        return err_set(err, E_USAGE, "--cursor says where to begin; --after does too");
    return read_cursor(lines->cursor, &lines->next, err);
}

static enum result run(const struct arguments *arguments, struct audit *audit, struct err *err)
{
    struct lines lines = {0};
    TRY(begin(arguments, &lines, err));
    TRY(audit_open(arguments, audit, err));
    lines.store = audit->store;
    TRY(check_start(&lines, err));
    return give_all(audit, &lines, argument_text(arguments, "--follow") != NULL, err);
}

int mode_audit_lines(const struct arguments *arguments)
{
    CLEANUP(audit_close) struct audit audit = {0};
    struct err err = {0};
    const struct sigaction action = {.sa_handler = stop};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    api_start((size_t)rand_below(SIZE_MAX) + 1);
    return audit_finish(run(arguments, &audit, &err), &err);
}
