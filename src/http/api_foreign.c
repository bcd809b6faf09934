/* Certificates of other CAs: an import of what such a CA keeps or exports. */
#include "api_routes.h"
#include "intake.h"

#include <base/file.h>
#include <base/limits.h>
#include <crypto/pem.h>
#include <crypto/verify.h>
#include <proto/foreign.h>
#include <trust/words.h>
#include <wire/b64.h>
#include <wire/oid.h>
#include <wire/x509_name.h>

#include <stdlib.h>
#include <string.h>

/* One file being read. */
struct reading {
    struct intake intake;
    struct x509_cert issuer; /* whose list it is; points into the makers' */
    uint8_t der[LIMIT_CERTIFICATE_BYTES];
    uint8_t subject[LIMIT_SUBJECT];
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

static const char *attribute_name(struct bytes oid)
{
    static const struct {
        const struct bytes *oid;
        const char *name;
    } rows[] = {
        {&oid_common_name, "CN"}, {&oid_serial_number, "serialNumber"},
        {&oid_organization, "O"}, {&oid_organizational_unit, "OU"},
        {&oid_country, "C"},
    };
    for (size_t i = 0; i < LENGTH_OF(rows); i++)
        if (bytes_equal(oid, *rows[i].oid))
            return rows[i].name;
    return "?";
}

/* "/O=Maker/serialNumber=7", as openssl prints names; what does not fit is left out. */
static struct bytes write_subject(struct bytes name, uint8_t *space, size_t size)
{
    struct x509_name_walk walk = x509_name_walk(name);
    struct x509_attribute attribute;
    size_t used = 0;
    while (x509_name_next(&walk, &attribute)) {
        struct buf to = buf_over(space + used, size - used);
        const char *key = attribute_name(attribute.oid);
        buf_put_u8(&to, '/');
        buf_put_bytes(&to, bytes_of(key, strlen(key)));
        buf_put_u8(&to, '=');
        buf_put_bytes(&to, attribute.text);
        used += buf_ok(&to) ? to.n : 0;
    }
    return bytes_of(space, used);
}

/* What no device can have says of none. */
static struct bytes serial_number_of(struct bytes subject)
{
    struct bytes text = {0};
    bool is_one = x509_name_find(subject, oid_serial_number, &text);
    return is_one && text.n <= LIMIT_SERIAL_NUMBER ? text : bytes_of(NULL, 0);
}

static enum result certificate(void *context, struct bytes field, struct foreign_read *line,
                               struct err *err)
{
    struct reading *reading = context;
    struct x509_cert cert;
    struct bytes der;
    const char *why = NULL;
    TRY(read_der(reading, field, &der, err));
    if (!x509_read_cert(der, &cert, &why))
        return err_set(err, E_FOREIGN, "certificate: %s", why);
    TRY(check_issuer(reading, &cert, err));
    line->serial = cert.serial;
    line->not_after_s = cert.not_after_s;
    line->subject = write_subject(cert.subject, reading->subject, sizeof reading->subject);
    line->serial_number = serial_number_of(cert.subject);
    return OK;
}

/* ---- lines ------------------------------------------------------------------------------------
 */

static enum result take_line(void *context, const struct foreign_read *line, struct err *err)
{
    struct reading *reading = context;
    const struct msg_foreign_line record = {
        .line = line->line,
        .serial = line->serial,
        .subject = line->subject,
        .serial_number = line->serial_number,
        .not_after_s = line->not_after_s,
        .is_revoked = line->is_revoked,
        .revoked_s = line->revoked_s,
        .reason = line->reason,
    };
    return intake_add(&reading->intake, IPC_FOREIGN_LINE, &record, err);
}

static enum result take_fault(void *context, uint32_t line, const struct err *why, struct err *err)
{
    struct reading *reading = context;
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
    if (issuer == NULL)
        return err_set(err, E_NOT_FOUND, "there is no anchor %lld", (long long)wish->anchor);
    reading->issuer = *issuer;
    TRY(intake_begin(&reading->intake, wait, err));
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
