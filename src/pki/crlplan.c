#include <pki/crlplan.h>

#include "name.h"

bool crl_shard_is(struct crl_shard a, struct crl_shard b)
{
    return a.issuer == b.issuer && a.expiry_class == b.expiry_class && a.part == b.part;
}

bool crl_shard_of(uint32_t issuer, struct bytes serial, struct crl_shard *ret)
{
    struct serial_parts parts;

    if (!serial_split(serial, &parts))
        return false;
    *ret = (struct crl_shard){
        .issuer = issuer, .expiry_class = parts.expiry_class, .part = serial_part(parts.number)};
    return true;
}

static void put_file_name(struct buf *b, struct crl_shard shard, bool is_delta)
{
    put_decimal(b, shard.issuer);
    buf_put_u8(b, '-');
    put_decimal(b, shard.expiry_class);
    buf_put_u8(b, '-');
    put_decimal(b, shard.part);
    buf_put_bytes(b, is_delta ? bytes_text("-delta.crl") : bytes_text(".crl"));
}

struct crl_name crl_file_name(struct crl_shard shard)
{
    struct crl_name name = {0};
    struct buf b = buf_over(name.text, sizeof(name.text) - 1);

    put_file_name(&b, shard, false);
    return name;
}

struct crl_name crl_delta_name(struct crl_shard shard)
{
    struct crl_name name = {0};
    struct buf b = buf_over(name.text, sizeof(name.text) - 1);

    put_file_name(&b, shard, true);
    return name;
}

void crl_url(struct buf *b, struct bytes url, struct crl_shard shard)
{
    buf_put_bytes(b, url);
    buf_put_bytes(b, bytes_text("/crl/"));
    put_file_name(b, shard, false);
}

void crl_delta_url(struct buf *b, struct bytes url, struct crl_shard shard)
{
    buf_put_bytes(b, url);
    buf_put_bytes(b, bytes_text("/crl/"));
    put_file_name(b, shard, true);
}

void ca_url(struct buf *b, struct bytes url, uint32_t issuer)
{
    buf_put_bytes(b, url);
    buf_put_bytes(b, bytes_text("/ca/"));
    put_decimal(b, issuer);
    buf_put_bytes(b, bytes_text(".cer"));
}

void ocsp_url(struct buf *b, struct bytes url)
{
    buf_put_bytes(b, url);
    buf_put_bytes(b, bytes_text("/ocsp"));
}

int64_t crl_due_s(int64_t changed_s, int64_t this_update_s)
{
    if (this_update_s == 0)
        return 0;
    int64_t refresh_s = this_update_s + CRL_DELTA_REFRESH_S;
    int64_t change_s = changed_s + CRL_COALESCE_S;
    return changed_s != 0 && change_s < refresh_s ? change_s : refresh_s;
}

static void write_crl(struct buf *b, const struct x509_crl_fields *fields,
                      const struct crl_source *source)
{
    struct x509_crl_writer writer = x509_crl_begin(b, fields);
    struct x509_crl_entry entry;

    while (source->next(source->context, &entry))
        x509_crl_put(&writer, &entry);
    x509_crl_end(&writer);
}

enum result crl_build_tbs(const struct crl_plan *plan, const struct pki_issuer *issuer,
                          struct bytes url, const struct crl_source *source, struct buf *b,
                          struct err *err)
{
    uint8_t room[CRL_URL_MAX], freshest_room[CRL_URL_MAX];
    struct buf name = buf_over(room, sizeof(room));
    struct buf freshest = buf_over(freshest_room, sizeof(freshest_room));
    int64_t window_s = plan->is_delta ? CRL_DELTA_WINDOW_S : CRL_WINDOW_S;
    int64_t next_update_s = plan->this_update_s + window_s;

    crl_url(&name, url, plan->shard);
    if (!plan->is_delta)
        crl_delta_url(&freshest, url, plan->shard);
    if (plan->shard.issuer != issuer->id || !buf_ok(&name) || !buf_ok(&freshest))
        return err_set(err, E_BUG, "issuer or URL does not fit the CRL");
    if (next_update_s > issuer->not_after_s)
        next_update_s = issuer->not_after_s;
    write_crl(b,
              &(struct x509_crl_fields){.sig_alg = issuer->sig_alg,
                                        .issuer = issuer->name,
                                        .this_update_s = plan->this_update_s,
                                        .next_update_s = next_update_s,
                                        .aki = issuer->ski,
                                        .number = plan->number,
                                        .idp_uri = buf_bytes(&name),
                                        .freshest_uri = buf_bytes(&freshest),
                                        .is_delta = plan->is_delta,
                                        .base = plan->base},
              source);
    if (!buf_ok(b))
        return err_set(err, E_TOO_LARGE, "the CRL is above %zu octets", b->max);
    return OK;
}
