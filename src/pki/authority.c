#include <pki/authority.h>

#include <crypto/verify.h>
#include <pki/keyquality.h>
#include <wire/oid.h>
#include <wire/x509_write.h>

#include "name.h"

#define SUBJECT_MAX 1024 /* octets of a name that somebody else's root may have */
#define CA_KEY_USAGE (X509_KU_KEY_CERT_SIGN | X509_KU_CRL_SIGN)

/* Room for the values of an authority's extensions. */
struct values {
    uint8_t ski[32], aki[32], constraints[16], usage[16], crldp[CRL_URL_MAX + 32],
        aia[CRL_URL_MAX + 32];
};

static struct bytes value_ski(struct values *to, struct bytes spki)
{
    uint8_t key_id[KEY_ID_N];
    struct buf b = buf_over(to->ski, sizeof(to->ski));

    key_id_of_spki(spki, key_id);
    x509_write_ski(&b, bytes_of(key_id, sizeof(key_id)));
    return buf_bytes(&b);
}

static struct bytes value_aki(struct values *to, struct bytes key_id)
{
    struct buf b = buf_over(to->aki, sizeof(to->aki));

    x509_write_aki(&b, key_id);
    return buf_bytes(&b);
}

static struct bytes value_constraints(struct values *to, int path_len)
{
    struct buf b = buf_over(to->constraints, sizeof(to->constraints));

    x509_write_basic_constraints(&b, true, path_len);
    return buf_bytes(&b);
}

static struct bytes value_usage(struct values *to)
{
    struct buf b = buf_over(to->usage, sizeof(to->usage));

    x509_write_key_usage(&b, CA_KEY_USAGE);
    return buf_bytes(&b);
}

/* All CRLs of a root have one name: it has one shard. */
static struct bytes value_crldp(struct values *to, struct bytes url, uint32_t root)
{
    uint8_t room[CRL_URL_MAX];
    struct buf at = buf_over(room, sizeof(room));
    struct buf b = buf_over(to->crldp, sizeof(to->crldp));

    crl_url(&at, url, (struct crl_shard){.issuer = root});
    x509_write_crldp(&b, buf_bytes(&at));
    return buf_ok(&at) ? buf_bytes(&b) : (struct bytes){0};
}

static struct bytes value_aia(struct values *to, struct bytes url, uint32_t root)
{
    uint8_t room[CRL_URL_MAX];
    struct buf at = buf_over(room, sizeof(room));
    struct buf b = buf_over(to->aia, sizeof(to->aia));

    ca_url(&at, url, root);
    x509_write_aia(&b, buf_bytes(&at), (struct bytes){0});
    return buf_ok(&at) ? buf_bytes(&b) : (struct bytes){0};
}

static size_t extensions_fill(struct values *values, const struct authority *authority,
                              const struct pki_issuer *parent, struct bytes url,
                              struct x509_extension list[6])
{
    bool is_root = authority->kind == PKI_ISSUER_ROOT;
    size_t n = 0;

    if (parent != NULL)
        list[n++] =
            (struct x509_extension){oid_authority_key_id, false, value_aki(values, parent->ski)};
    list[n++] =
        (struct x509_extension){oid_subject_key_id, false, value_ski(values, authority->spki)};
    list[n++] = (struct x509_extension){oid_basic_constraints, true,
                                        value_constraints(values, is_root ? -1 : 0)};
    list[n++] = (struct x509_extension){oid_key_usage, true, value_usage(values)};
    if (parent == NULL)
        return n;
    list[n++] = (struct x509_extension){oid_crl_distribution_points, false,
                                        value_crldp(values, url, parent->id)};
    list[n++] = (struct x509_extension){oid_authority_info_access, false,
                                        value_aia(values, url, parent->id)};
    return n;
}

static enum result check_authority(const struct authority *authority,
                                   const struct pki_issuer *parent, struct err *err)
{
    bool is_root = authority->kind == PKI_ISSUER_ROOT;

    if (issuer_name(authority->kind) == NULL || (parent == NULL && !is_root) ||
        (parent != NULL && parent->kind != PKI_ISSUER_ROOT))
        return err_set(err, E_PROFILE,
                       "roots, and only roots, have no issuer and are issuers here");
    if (authority->serial.n != AUTHORITY_SERIAL_N || authority->serial.p[0] < 1 ||
        authority->serial.p[0] > 0x7f)
        return err_set(err, E_PROFILE, "RFC 5280 4.1.2.2: the serial");
    if (authority->not_after_s < authority->not_before_s)
        return err_set(err, E_PROFILE, "the validity ends before it begins");
    if (parent != NULL && (authority->not_before_s < parent->not_before_s ||
                           authority->not_after_s > parent->not_after_s))
        return err_set(err, E_PROFILE, "the validity is not within the root's");
    return OK;
}

/* The signature is the parent's, or its own. */
static enum result sig_alg_for(const struct authority *authority, const struct pki_issuer *parent,
                               enum x509_sig_alg *ret, struct err *err)
{
    struct x509_key key;
    const char *why = NULL;

    if (!x509_read_spki(authority->spki, &key, &why))
        return err_set(err, E_PROFILE, "the public key: %s", why);
    TRY(keyquality_check(&key, KEYS_ANY, err));
    *ret = parent != NULL ? parent->sig_alg : x509_sig_alg_of(key.alg);
    return OK;
}

enum result authority_build_tbs(const struct authority *authority, const struct pki_issuer *parent,
                                struct bytes url, struct buf *b, struct err *err)
{
    struct values values;
    struct x509_extension list[6];
    enum x509_sig_alg sig_alg = X509_SIG_OTHER;
    uint8_t room[SUBJECT_MAX];
    struct buf name = buf_over(room, sizeof(room));

    TRY(check_authority(authority, parent, err));
    TRY(sig_alg_for(authority, parent, &sig_alg, err));
    if (authority->subject.n != 0)
        buf_put_bytes(&name, authority->subject);
    else
        x509_write_name(&name, &(struct x509_name_part){oid_common_name, authority->common_name},
                        1);
    size_t n = extensions_fill(&values, authority, parent, url, list);
    for (size_t i = 0; i < n; i++)
        if (list[i].value.n == 0)
            buf_fail(b);
    if (!buf_ok(&name))
        buf_fail(b);
    x509_write_tbs(
        b, &(struct x509_tbs_fields){.serial = authority->serial,
                                     .sig_alg = sig_alg,
                                     .issuer = parent != NULL ? parent->name : buf_bytes(&name),
                                     .not_before_s = authority->not_before_s,
                                     .not_after_s = authority->not_after_s,
                                     .subject = buf_bytes(&name),
                                     .spki = authority->spki,
                                     .extensions = list,
                                     .extensions_n = n});
    return buf_ok(b) ? OK : err_set(err, E_PROFILE, "the authority's names cannot be written");
}

/* ---- certificates that a root elsewhere made ----------------------------------------------------
 */

static const char *ca_fault(const struct x509_cert *cert, const struct x509_cert *root)
{
    if (!root->is_ca || !cert->is_ca)
        return "RFC 5280 4.2.1.9: not a CA certificate";
    if (!x509_name_equal(cert->issuer, root->subject))
        return "RFC 5280 6.1.3: its issuer's name is not the root's subject";
    if (x509_name_equal(cert->subject, root->subject))
        return "RFC 5280 4.1.2.6: issuer and root have one name";
    if ((cert->key_usage & CA_KEY_USAGE) != CA_KEY_USAGE)
        return "RFC 5280 4.2.1.3: keyUsage lacks keyCertSign or cRLSign";
    if (cert->ski.n == 0)
        return "RFC 5280 4.2.1.2: a CA needs subjectKeyIdentifier";
    if (cert->aki.n != 0 && root->ski.n != 0 && !bytes_equal(cert->aki, root->ski))
        return "RFC 5280 4.2.1.1: authorityKeyIdentifier is not the root's";
    if (cert->unknown_critical || (cert->has & X509_EXT_NAME_CONSTRAINTS))
        return "RFC 5280 4.2: a critical extension or name constraints that we do not apply";
    return NULL;
}

static const char *time_fault(const struct x509_cert *cert, const struct x509_cert *root,
                              int64_t now_s)
{
    if (now_s < cert->not_before_s || now_s > cert->not_after_s)
        return "RFC 5280 6.1.3: it is not valid now";
    if (cert->not_after_s > root->not_after_s)
        return "RFC 5280 6.1.3: it ends after the root";
    return NULL;
}

enum result authority_check(struct bytes certificate, struct bytes root, struct bytes spki,
                            int64_t now_s, struct err *err)
{
    struct x509_cert cert, parent;
    const char *why = NULL;

    if (!x509_read_cert(root, &parent, &why))
        return err_set(err, E_CERTIFICATE, "the root: %s", why);
    if (!x509_read_cert(certificate, &cert, &why))
        return err_set(err, E_CERTIFICATE, "%s", why);
    if (!bytes_equal(cert.spki, spki))
        return err_set(err, E_CERTIFICATE, "the certificate is not for the key that we hold");
    why = ca_fault(&cert, &parent);
    if (why == NULL)
        why = time_fault(&cert, &parent, now_s);
    if (why != NULL)
        return err_set(err, E_CERTIFICATE, "%s", why);
    return verify_signature(&parent.key, cert.sig_alg, cert.tbs, cert.signature, err);
}

/* ---- the root's CRLs ----------------------------------------------------------------------------
 */

enum result root_crl_build_tbs(const struct pki_issuer *root, int64_t first_s, uint64_t number,
                               struct buf *b, struct err *err)
{
    if (number < 1 || number > ROOT_CRL_COUNT)
        return err_set(err, E_BUG, "root CRL %llu", (unsigned long long)number);

    int64_t this_s = first_s + (int64_t)(number - 1) * ROOT_CRL_STEP_S;
    struct x509_crl_fields fields = {.sig_alg = root->sig_alg,
                                     .issuer = root->name,
                                     .this_update_s = this_s,
                                     .next_update_s = this_s + ROOT_CRL_STEP_S + ROOT_CRL_OVERLAP_S,
                                     .aki = root->ski,
                                     .number = number};
    struct x509_crl_writer writer = x509_crl_begin(b, &fields);
    x509_crl_end(&writer);
    return buf_ok(b) ? OK : err_set(err, E_BUG, "no room for a root CRL");
}

struct crl_name root_crl_file_name(uint32_t root, uint64_t number)
{
    struct crl_name name = {0};
    struct buf b = buf_over(name.text, sizeof(name.text) - 1);

    buf_put_bytes(&b, bytes_text("root-"));
    if (root != PKI_ISSUER_ROOT) {
        put_decimal(&b, root);
        buf_put_u8(&b, '-');
    }
    put_decimal(&b, number);
    buf_put_bytes(&b, bytes_text(".crl"));
    return name;
}

uint64_t root_crl_number(int64_t first_s, int64_t now_s)
{
    if (now_s < first_s)
        return 0;
    int64_t number = (now_s - first_s) / ROOT_CRL_STEP_S + 1;
    return number <= ROOT_CRL_COUNT ? (uint64_t)number : 0;
}
