#include <service/bootstrap.h>

#include <base/file.h>
#include <crypto/hash.h>
#include <wire/x509.h>

#include <stdio.h>

static const struct actor core = {ACTOR_CORE, 0};

static enum result read_authority(const struct config *config, enum pki_issuer_kind kind,
                                  struct blob *ret_der, struct x509_cert *ret, struct err *err)
{
    char path[CONFIG_PATH_MAX + 32];
    const char *why = NULL;
    snprintf(path, sizeof path, "%s/ca/%s.cer", config->data, issuer_name(kind));
    TRY(file_read(path, LIMIT_CERTIFICATE_BYTES, ret_der, err));
    if (!x509_read_cert(blob_bytes(ret_der), ret, &why))
        return err_set(err, E_CERTIFICATE, "%s: %s", path, why);
    return OK;
}

static enum result record_authority(struct service *service, enum pki_issuer_kind kind,
                                    int64_t now_s, struct err *err)
{
    CLEANUP(blob_free) struct blob der = {0};
    struct x509_cert certificate = {0};
    uint8_t spki[SHA256_N];
    TRY(read_authority(service->config, kind, &der, &certificate, err));
    sha256(certificate.spki, spki);

    struct act *act = service_act(service, EVENT_ISSUER_ADDED, now_s, core, 0);
    struct change *c = act_change(act, TABLE_ISSUER, kind);
    change_int(c, COL_ISSUER_KIND, kind);
    change_blob(c, COL_ISSUER_CERTIFICATE, blob_bytes(&der));
    change_blob(c, COL_ISSUER_SPKI, bytes_of(spki, sizeof spki));
    change_int(c, COL_ISSUER_NOT_AFTER, certificate.not_after_s);
    change_int(c, COL_ISSUER_STATE, 1);
    return service_record(service, NULL, err);
}

/* As part of the act: the digest of the record of the key ceremony, if there is one. */
static enum result add_ceremony(struct service *service, uint8_t digest[SHA256_N], struct err *err)
{
    CLEANUP(blob_free) struct blob record = {0};
    char path[CONFIG_PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/ca/" CEREMONY_FILE, service->config->data);
    if (!file_exists(path))
        return OK;
    TRY(file_read(path, CEREMONY_MAX, &record, err));
    sha256(blob_bytes(&record), digest);
    change_blob(act_change(&service->act, TABLE_CEREMONY, 1), COL_CEREMONY_DIGEST,
                bytes_of(digest, SHA256_N));
    return OK;
}

static enum result record_all(struct service *service, int64_t now_s, struct err *err)
{
    uint8_t digest[SHA256_N];
    service_act(service, EVENT_LOG_BEGAN, now_s, core, 0);
    TRY(add_ceremony(service, digest, err));
    TRY(service_record(service, NULL, err));
    for (enum pki_issuer_kind kind = PKI_ISSUER_ROOT; kind < PKI_ISSUER_COUNT; kind++)
        TRY(record_authority(service, kind, now_s, err));
    return OK;
}

enum result bootstrap_authorities(struct service *service, int64_t now_s, struct err *err)
{
    TRY(store_begin(service->store, err));
    enum result result = record_all(service, now_s, err);
    if (result == OK)
        result = store_commit(service->store, err);
    if (result != OK) {
        store_rollback(service->store);
        ledger_rolled_back(service->ledger);
        return result;
    }
    ledger_committed(service->ledger);
    return OK;
}
