/* Certificates of other CAs: what a scan of TLS servers saw. */
#include "api_routes.h"
#include "api_shapes.h"
#include "desk.h"
#include "foreign_cert.h"
#include "intake.h"

#include <base/file.h>
#include <base/limits.h>
#include <ipc/record.h>
#include <proto/scan.h>
#include <trust/foreign_words.h>
#include <wire/b64.h>

#include <stdlib.h>
#include <string.h>

#define LINE_MS 2 /* what core may take for one; it takes a tenth */

/* One upload under way: its good lines as records for core, its bad ones for the reply. */
struct upload {
    const struct makers *makers;
    struct record_writer lines, faults;
    uint32_t taken, bad;
    struct foreign_cert cert;
    uint8_t der[LIMIT_CHAIN_CERTIFICATES * LIMIT_CERTIFICATE_BYTES];
};

/* What the request keeps until core answered. */
struct scan_tally {
    uint32_t rows, bad;
    struct record_reader faults; /* of the bad ones */
};

static void upload_free(struct upload **upload)
{
    if (*upload != NULL) {
        record_abandon(&(*upload)->lines);
        record_abandon(&(*upload)->faults);
    }
    free(*upload);
}

static void tally_free(void *own)
{
    struct scan_tally *tally = own;
    record_close(&tally->faults);
    free(tally);
}

/* ---- lines ---------------------------------------------------------------------------------- */

static enum result take_fault(void *context, uint32_t line, const struct err *why, struct err *err)
{
    struct upload *upload = context;
    const struct msg_scan_done done = {.line = line,
                                       .became = SCAN_BECAME_REFUSED,
                                       .code = why->code,
                                       .text = bytes_of(why->text, strlen(why->text))};
    upload->bad++;
    return record_append(&upload->faults, IPC_SCAN_DONE, &done, err);
}

/* The certificates one after the other in upload->der, and where each lies. */
static enum result read_ders(struct upload *upload, const struct scan_read *line,
                             struct bytes *ders, struct bytes *ret_all, struct err *err)
{
    struct buf all = buf_over(upload->der, sizeof upload->der);
    for (size_t i = 0; i < line->chain_n; i++) {
        size_t from = all.n;
        if (!b64_decode(&all, line->chain[i]) || all.n - from > LIMIT_CERTIFICATE_BYTES)
            return err_set(err, E_SCAN,
                           "chain, certificate %zu: wanted base64 (RFC 4648 4) of at most %d "
                           "octets of DER",
                           i + 1, LIMIT_CERTIFICATE_BYTES);
        ders[i] = bytes_of(all.p + from, all.n - from);
    }
    *ret_all = buf_bytes(&all);
    return OK;
}

/* The first end of whoever is above it, as far as the chain or the anchor shows. */
static int64_t ca_until(const struct upload *upload)
{
    const struct foreign_cert *cert = &upload->cert;
    const struct x509_cert *anchor = makers_certificate(upload->makers, cert->anchor);
    int64_t until_s = cert->presented.ca_until_s;
    if (anchor != NULL && (until_s == 0 || anchor->not_after_s < until_s))
        until_s = anchor->not_after_s;
    return until_s;
}

static enum result read_chain(struct upload *upload, const struct scan_read *line,
                              struct msg_scan_line *record, struct err *err)
{
    struct bytes ders[LIMIT_CHAIN_CERTIFICATES];
    struct foreign_cert *cert = &upload->cert;
    const struct x509_cert *leaf = &cert->presented.leaf;
    TRY(read_ders(upload, line, ders, &record->chain, err));
    TRY(foreign_cert_read(upload->makers, ders, line->chain_n, cert, err));
    record->anchor = cert->anchor;
    record->serial = leaf->serial;
    record->subject = cert->subject;
    record->serial_number = cert->serial_number;
    record->not_before_s = leaf->not_before_s;
    record->not_after_s = leaf->not_after_s;
    record->ca_until_s = ca_until(upload);
    record->spki = leaf->spki;
    memcpy(record->issuer_name, cert->issuer_name, sizeof record->issuer_name);
    record->signature = cert->signature;
    record->is_self_signed = cert->presented.is_self_signed;
    record->is_ca = leaf->is_ca;
    record->root_issued = cert->root_issued;
    return OK;
}

static enum result take_line(void *context, const struct scan_read *line, struct err *err)
{
    struct upload *upload = context;
    struct err why = {0};
    struct msg_scan_line record = {
        .line = line->line,
        .place = line->target,
        .host = line->host,
        .outcome = (uint8_t)line->outcome,
        .protocol = line->protocol,
        .cipher = line->cipher,
    };
    if (line->chain_n > 0 && read_chain(upload, line, &record, &why) != OK)
        return take_fault(upload, line->line, &why, err);
    if (record.spki.n > LIMIT_FOREIGN_SPKI) {
        (void)err_set(&why, E_SCAN, "the key takes %zu octets, wanted at most %d", record.spki.n,
                      LIMIT_FOREIGN_SPKI);
        return take_fault(upload, line->line, &why, err);
    }
    upload->taken++;
    return record_append(&upload->lines, IPC_SCAN_LINE, &record, err);
}

/* ---- the reply ------------------------------------------------------------------------------ */

static enum result show(struct api_doc *doc, struct record_reader *records, struct err *err)
{
    struct ipc_message one;
    for (;;) {
        TRY(record_next(records, IPC_SCAN_DONE, &one, err));
        if (one.type == IPC_NONE)
            return OK;
        api_add_scanned(doc, "targets", &one.scan_done);
    }
}

static enum result reply(struct request *request, struct api_wait *wait,
                         const struct msg_verb_answer *answer, int done_fd, struct err *err)
{
    struct scan_tally *tally = wait->own;
    CLEANUP(record_close) struct record_reader done = {0};
    struct msg_verb_answer counts = *answer;
    if (tally->bad > 0)
        TRY(show(wait->doc, &tally->faults, err));
    if (done_fd >= 0) {
        TRY(record_open(done_fd, LIMIT_IMPORT_RECORDS, &done, err));
        TRY(show(wait->doc, &done, err));
    }
    counts.refused += tally->bad;
    api_put_flag(wait->doc, "dry_run", wait->is_dry_run);
    api_put_number(wait->doc, NULL, "rows", tally->rows);
    api_put(wait->doc, NULL, shape_import_outcome, &counts);
    api_reply_doc(request, wait->doc, 200);
    return OK;
}

static void take(struct request *request, struct api_wait *wait, const struct ipc_message *message)
{
    intake_take(request, wait, message, reply);
}

/* ---- the request ---------------------------------------------------------------------------- */

static enum result begin(struct request *request, struct api_wait **ret, struct err *err)
{
    struct api_wait *wait = NULL;
    TRY(api_wait_begin(request, &wait, err));
    wait->take = take;
    wait->own = calloc(1, sizeof(struct scan_tally));
    if (wait->own == NULL)
        return err_set(err, E_MEMORY, "no memory for a scan");
    wait->own_free = tally_free;
    api_list(wait->doc, "targets");
    *ret = wait;
    return OK;
}

/* The good lines as a sealed memfd; -1: there are none. */
static enum result seal(struct upload *upload, struct scan_tally *tally, int *ret_fd,
                        struct err *err)
{
    CLEANUP(fd_closep) int faults = -1;
    tally->bad = upload->bad;
    *ret_fd = -1;
    if (upload->bad > 0) {
        TRY(record_seal(&upload->faults, &faults, err));
        TRY(record_open(faults, LIMIT_IMPORT_RECORDS, &tally->faults, err));
    }
    return upload->taken == 0 ? OK : record_seal(&upload->lines, ret_fd, err);
}

static enum result read_upload(const struct request *request, struct scan_tally *tally,
                               uint32_t *ret_taken, int *ret_fd, struct err *err)
{
    CLEANUP(upload_free) struct upload *upload = calloc(1, sizeof *upload);
    const struct desk *desk = request_owner(request);
    const struct scan_sink sink = {upload, take_line, take_fault};
    struct import_counts counts = {0};
    if (upload == NULL)
        return err_set(err, E_MEMORY, "no memory for a scan");
    upload->makers = desk->upkeep.makers;
    upload->lines.fd = upload->faults.fd = -1;
    TRY(record_begin(LIMIT_IMPORT_RECORDS, &upload->lines, err));
    TRY(record_begin(LIMIT_IMPORT_RECORDS, &upload->faults, err));
    TRY(scan_read(request_view(request)->body, &sink, &counts, err));
    tally->rows = counts.rows;
    *ret_taken = upload->taken;
    return seal(upload, tally, ret_fd, err);
}

static enum result ask(struct request *request, struct err *err)
{
    struct msg_clock_accept asked = {0};
    struct msg_foreign_scan message = {0};
    struct api_wait *wait = NULL;
    char key[API_KEY_N];
    CLEANUP(fd_closep) int fd = -1;
    TRY(api_may_ask(request, err));
    TRY(api_read_asked(request, key, &asked, err));
    TRY(begin(request, &wait, err));
    wait->is_dry_run = asked.dry_run;
    TRY(read_upload(request, wait->own, &message.rows, &fd, err));
    if (fd < 0)
        return reply(request, wait, &(struct msg_verb_answer){0}, -1, err);
    message.id = asked.id;
    message.request = asked.request;
    memcpy(message.operator_spki, asked.operator_spki, sizeof message.operator_spki);
    message.key = asked.key;
    message.dry_run = asked.dry_run;
    request_extend(request, (int64_t)message.rows * LINE_MS);
    return api_ask_core(request, IPC_FOREIGN_SCAN, &message, fd, err);
}

void api_foreign_scan(struct request *request)
{
    struct err err = {0};
    if (ask(request, &err) != OK)
        request_refuse(request, &err);
}
