#include "rows.h"

#include <string.h>

void read_product(struct query *query, struct product *ret)
{
    ret->id = query_int(query);
    query_text(query, ret->name, sizeof ret->name);
    query_text(query, ret->hw_type, sizeof ret->hw_type);
    ret->proofs = query_u32(query);
    ret->least_proof = (int)query_u32(query);
    ret->validity_s = query_int(query);
    ret->enrols_a_year = query_u32(query);
    ret->grace_s = query_int(query);
    ret->claims_an_hour = query_int(query);
    ret->keys = query_u32(query);
}

void read_authority(struct query *query, struct authority_row *ret)
{
    ret->id = query_int(query);
    ret->kind = (int)query_u32(query);
    ret->product = query_int(query);
    ret->use = (int)query_u32(query);
    (void)query_hash(query, ret->spki, sizeof ret->spki);
    ret->not_after_s = query_int(query);
    ret->state = (int)query_u32(query);
    ret->root = query_int(query);
    query_text(query, ret->owner, sizeof ret->owner);
    struct bytes der = query_bytes(query);
    ret->n = der.n;
    if (der.n > sizeof ret->certificate)
        query->bad = "a certificate above the limit";
    else if (der.n > 0)
        memcpy(ret->certificate, der.p, der.n);
}

void read_device(struct query *query, struct device *ret)
{
    ret->id = query_int(query);
    ret->product = query_int(query);
    query_text(query, ret->serial_number, sizeof ret->serial_number);
    query_text(query, ret->owner, sizeof ret->owner);
    query_text(query, ret->batch, sizeof ret->batch);
    ret->state = (int)query_u32(query);
    ret->hold = query_int(query) != 0;
    ret->has_registered = query_hash(query, ret->registered, sizeof ret->registered);
    ret->proof = (int)query_u32(query);
    ret->quarantine = (int)query_u32(query);
    ret->has_bad_key = query_hash(query, ret->bad_key, sizeof ret->bad_key);
    ret->version = query_int(query);
    ret->idevid_anchor = query_int(query);
    ret->replaces = query_int(query);
    ret->replaced_by = query_int(query);
}

void read_certificate(struct query *query, struct certificate *ret)
{
    ret->id = query_int(query);
    ret->device = query_int(query);
    ret->issuer = query_int(query);
    (void)query_hash(query, ret->serial, sizeof ret->serial);
    (void)query_hash(query, ret->spki, sizeof ret->spki);
    ret->profile = (int)query_u32(query);
    ret->not_before_s = query_int(query);
    ret->not_after_s = query_int(query);
    ret->class = query_u32(query);
    ret->number = query_u32(query);
    ret->predecessor = query_int(query);
    (void)query_hash(query, ret->credential, sizeof ret->credential);
    ret->state = (int)query_u32(query);
    ret->state_at_s = query_int(query);
    ret->reason = (int)query_u32(query);
    ret->anew = query_int(query) != 0;
    ret->proven_at_s = query_int(query);
    ret->proof = (int)query_u32(query);
}

void read_token(struct query *query, struct token *ret)
{
    ret->id = query_int(query);
    ret->device = query_int(query);
    ret->expires_at_s = query_int(query);
    ret->state = (int)query_u32(query);
    ret->has_spki = query_hash(query, ret->spki, sizeof ret->spki);
}

void read_permit(struct query *query, struct permit *ret)
{
    ret->id = query_int(query);
    ret->device = query_int(query);
    ret->expires_at_s = query_int(query);
    ret->state = (int)query_u32(query);
    ret->new_board = query_int(query) != 0;
}

void read_bulk(struct query *query, struct bulk *ret)
{
    ret->id = query_int(query);
    ret->verb = (int)query_u32(query);
    ret->reason = (int)query_u32(query);
    ret->product = query_int(query);
    query_text(query, ret->owner, sizeof ret->owner);
    query_text(query, ret->batch, sizeof ret->batch);
    ret->listed = query_int(query) != 0;
    ret->devices = query_int(query);
    ret->certificates = query_int(query);
    (void)query_hash(query, ret->digest, sizeof ret->digest);
    ret->asker = query_int(query);
    ret->state = (int)query_u32(query);
    ret->created_at_s = query_int(query);
    ret->ended_at_s = query_int(query);
    ret->done = query_int(query);
}

void read_operator(struct query *query, struct operator_row *ret)
{
    ret->id = query_int(query);
    (void)query_hash(query, ret->name, sizeof ret->name);
    (void)query_hash(query, ret->spki, sizeof ret->spki);
    ret->role = (int)query_u32(query);
    query_text(query, ret->scope, sizeof ret->scope);
    ret->state = (int)query_u32(query);
    int64_t person = query_int(query);
    ret->person = person != 0 ? person : ret->id;
    ret->is_approver = query_u32(query) == 1;
}

void read_finding(struct query *query, struct finding *ret)
{
    ret->id = query_int(query);
    ret->check = (int)query_u32(query);
    ret->kind = (int)query_u32(query);
    ret->subject = query_int(query);
    ret->product = query_int(query);
    ret->certificate = query_int(query);
    ret->began_at_s = query_int(query);
    ret->recorded_at_s = query_int(query);
    ret->closed_at_s = query_int(query);
    ret->severity = (int)query_u32(query);
    query_text(query, ret->owner, sizeof ret->owner);
    ret->first = query_int(query);
    ret->closed_by = (int)query_u32(query);
}
