/* Certificates of other CAs: an import of what such a CA keeps or exports. */
#include "api_routes.h"
#include "foreign_cert.h"
#include "intake.h"

#include <base/file.h>
#include <base/limits.h>
#include <crypto/pem.h>
#include <crypto/verify.h>
#include <proto/foreign.h>
#include <trust/words.h>
#include <wire/b64.h>
#include <wire/x509_name.h>

#include <stdlib.h>
#include <string.h>

/* One file being read. */
struct reading {
    struct intake intake;
    const struct makers *makers;
    struct x509_cert issuer; /* whose list it is; points into the makers' */
    bool has_cert;           /* the line under way has one */
    struct foreign_cert cert;
    struct bytes read; /* its DER, in `der` */
    uint8_t der[LIMIT_CERTIFICATE_BYTES];
};

static void reading_free(struct reading **reading)
{
    if (*reading != NULL)
        intake_free(&(*reading)->intake);
    free(*reading);
}

/* ---- a certificate ----------------------------------------------------------------------------
 */

static enum result read_der(struct reading *reading, struct bytes field, struct bytes *ret,
                            struct err *err)
{
    CLEANUP(blob_free) struct blob pem = {0};
    struct buf der = buf_over(reading->der, sizeof reading->der);
    if (field.n > 0 && field.p[0] == '-') {
        TRY(pem_read(field, PEM_CERTIFICATE, &pem, err));
        buf_put_bytes(&der, blob_bytes(&pem));
    } else if (!b64_decode_lenient(&der, field)) {
        return err_set(err, E_FOREIGN, "seen \"%s\", wanted PEM or base64 of DER of at most %d",
                       err_value(field).text, LIMIT_CERTIFICATE_BYTES);
    }
    if (!buf_ok(&der))
        return err_set(err, E_TOO_LARGE, "wanted a certificate of at most %d octets",
                       LIMIT_CERTIFICATE_BYTES);
    *ret = buf_bytes(&der);
    return OK;
}

/* Its own words for who issued it are not enough. */
static enum result check_issuer(const struct reading *reading, const struct x509_cert *cert,
                                struct err *err)
{
    const struct x509_cert *issuer = &reading->issuer;
    struct err why = {0};
    if (!x509_name_equal(cert->issuer, issuer->subject))
        return err_set(err, E_FOREIGN, "the certificate names another issuer than the anchor");
    if (verify_signature(&issuer->key, cert->sig_alg, cert->tbs, cert->signature, &why) != OK)
        return err_set(err, E_FOREIGN, "the anchor did not sign it: %s", why.text);
    return OK;
}

static enum result certificate(void *context, struct bytes field, struct foreign_read *line,
                               struct err *err)
{
    struct reading *reading = context;
    struct foreign_cert *cert = &reading->cert;
    struct err why = {0};
    TRY(read_der(reading, field, &reading->read, err));
    if (foreign_cert_read(reading->makers, &reading->read, 1, cert, &why) != OK)
        return err_set(err, E_FOREIGN, "certificate: %s", why.text);
    TRY(check_issuer(reading, &cert->presented.leaf, err));
    line->serial = cert->presented.leaf.serial;
    line->not_after_s = cert->presented.leaf.not_after_s;
    line->subject = cert->subject;
    line->serial_number = cert->serial_number;
    reading->has_cert = true;
    return OK;
}

/* ---- lines ------------------------------------------------------------------------------------
 */

static void put_says(const struct reading *reading, struct msg_foreign_line *record)
{
    const struct foreign_cert *cert = &reading->cert;
    record->spki = cert->presented.leaf.spki;
    memcpy(record->issuer_name, cert->issuer_name, sizeof record->issuer_name);
    record->not_before_s = cert->presented.leaf.not_before_s;
    record->signature = cert->signature;
    record->is_self_signed = cert->presented.is_self_signed;
    record->is_ca = cert->presented.leaf.is_ca;
    record->root_issued = cert->root_issued;
    record->chain = reading->read;
}

static enum result take_line(void *context, const struct foreign_read *line, struct err *err)
{
    struct reading *reading = context;
    struct msg_foreign_line record = {
        .line = line->line,
        .serial = line->serial,
        .subject = line->subject,
        .serial_number = line->serial_number,
        .not_after_s = line->not_after_s,
        .is_revoked = line->is_revoked,
        .revoked_s = line->revoked_s,
        .reason = line->reason,
    };
    if (reading->has_cert)
        put_says(reading, &record);
    reading->has_cert = false;
    return intake_add(&reading->intake, IPC_FOREIGN_LINE, &record, err);
}

static enum result take_fault(void *context, uint32_t line, const struct err *why, struct err *err)
{
    struct reading *reading = context;
    reading->has_cert = false;
    return intake_fault(&reading->intake, line, why, err);
}

/* ---- the request ------------------------------------------------------------------------------
 */

/* Which list it is, and whose. */
struct wish {
    uint8_t format;
    int64_t anchor;
};

static const char *format_at(unsigned value)
{
    return foreign_format_word(value);
}

static enum result read_wish(const struct request *request, struct wish *ret, struct err *err)
{
    static const struct api_words formats = {1, FOREIGN_FORMAT_COUNT, format_at};
    struct bytes text = {0};
    (void)request_query(request, "format", &text);
    TRY(api_read_word("format", text, &formats, &ret->format, err));
    text = bytes_of(NULL, 0);
    (void)request_query(request, "issuer", &text);
    return api_read_number("issuer", text, 1, UINT32_MAX, &ret->anchor, err);
}

static enum result read_file(const struct request *request, const struct api_wait *wait,
                             const struct wish *wish, uint32_t *ret_taken, int *ret_fd,
                             struct err *err)
{
    CLEANUP(reading_free) struct reading *reading = calloc(1, sizeof *reading);
    const struct desk *desk = request_owner(request);
    const struct x509_cert *issuer = makers_certificate(desk->upkeep.makers, wish->anchor);
    const struct foreign_sink sink = {reading, certificate, take_line, take_fault};
    struct import_counts counts = {0};
    if (reading == NULL)
        return err_set(err, E_MEMORY, "no memory for an import");
    TRY(intake_begin(&reading->intake, wait, err)); /* before any refusal: it is freed after one */
    if (issuer == NULL)
        return err_set(err, E_NOT_FOUND, "there is no anchor %lld", (long long)wish->anchor);
    reading->makers = desk->upkeep.makers;
    reading->issuer = *issuer;
    TRY(foreign_read(request_view(request)->body, (enum foreign_format)wish->format, &sink, &counts,
                     err));
    *ret_taken = reading->intake.taken;
    return intake_end(&reading->intake, counts.rows, ret_fd, err);
}

static enum result ask(struct request *request, struct err *err)
{
    static const char *const names[] = {"dry_run", "format", "issuer", NULL};
    struct msg_clock_accept asked = {0};
    struct msg_foreign_import message = {0};
    struct api_wait *wait = NULL;
    struct wish wish = {0};
    char key[API_KEY_N];
    CLEANUP(fd_closep) int fd = -1;
    TRY(api_may_ask(request, err));
    TRY(api_read_asked_of(request, names, key, &asked, err));
    TRY(read_wish(request, &wish, err));
    TRY(intake_wait(request, &wait, err));
    wait->is_dry_run = asked.dry_run;
    TRY(read_file(request, wait, &wish, &message.rows, &fd, err));
    if (fd < 0)
        return intake_reply(request, wait, err);
    message.id = asked.id;
    message.request = asked.request;
    memcpy(message.operator_spki, asked.operator_spki, sizeof message.operator_spki);
    message.key = asked.key;
    message.dry_run = asked.dry_run;
    message.anchor = wish.anchor;
    intake_extend(request, message.rows);
    return api_ask_core(request, IPC_FOREIGN_IMPORT, &message, fd, err);
}

void api_foreign_import(struct request *request)
{
    struct err err = {0};
    if (ask(request, &err) != OK)
        request_refuse(request, &err);
}
