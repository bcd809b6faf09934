/* What core writes for everybody: checkpoint and tiles, CRLs, and the authorities that listeners
 * verify against. A change is public within a second; one CRL and one checkpoint is under way at a
 * time. */
#include "core.h"

#include <base/clock.h>
#include <base/file.h>
#include <base/log.h>
#include <ipc/sealed.h>
#include <pki/authority.h>
#include <service/finding.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CRL_BYTES_MAX (8 << 20)    /* SHARD_NUMBERS entries of under 64 octets, and more */
#define CRL_BYTES_LEAST (64 << 10) /* room for a CRL of a few hundred entries */
#define CRL_LOOK_S 60              /* how often every shard's age is looked at */

/* ---- checkpoints ---- */

static enum result ask_checkpoint(struct core *core, struct err *err)
{
    uint8_t proof[MERKLE_PROOF_MAX * MERKLE_HASH_N];
    struct buf out = buf_over(proof, sizeof proof);
    struct msg_sign_checkpoint ask = {.id = 1, .size = ledger_size(core->service.ledger)};
    if (core->publish.signed_size != 0 && core->publish.signed_size != ask.size)
        TRY(ledger_prove_consistency(core->service.ledger, core->publish.signed_size, ask.size,
                                     &out, err));
    ledger_root(core->service.ledger, ask.root);
    ask.proof = buf_bytes(&out);
    TRY(ipc_send(&core->signer, IPC_SIGN_CHECKPOINT, &ask, -1, err));
    core->publish.asked_size = ask.size;
    return OK;
}

static void tick_checkpoint(struct core *core, int64_t now_us)
{
    struct publish *publish = &core->publish;
    struct err err = {0};
    if (publish->asked_size != 0 || publish->signed_size == ledger_size(core->service.ledger))
        return;
    if (publish->changed_us == 0)
        publish->changed_us = now_us;
    if (now_us - publish->changed_us < CORE_CHECKPOINT_US)
        return;
    if (ask_checkpoint(core, &err) != OK)
        log_err(LEVEL_WARNING, "checkpoint-not-asked", &err, NULL);
}

static enum result keep_checkpoint(struct core *core, const struct msg_signed_checkpoint *answer,
                                   uint64_t size, struct err *err)
{
    if (answer->code != E_NONE)
        return err_set(err, (enum code)answer->code, "%.*s", (int)answer->text.n,
                       (const char *)answer->text.p);
    TRY(turn_begin(core, err));
    TRY(store_put_note(core->store, size, answer->note, core->now_s, err));
    TRY(ledger_publish(core->service.ledger, core->public_dir, answer->note, size, err));
    core->publish.signed_size = size;
    core->publish.changed_us = 0;
    core->publish.published_ms = clock_now_us() / 1000;
    return OK;
}

void publish_checkpoint(struct core *core, const struct msg_signed_checkpoint *answer)
{
    struct err err = {0};
    uint64_t size = core->publish.asked_size;
    core->publish.asked_size = 0;
    if (keep_checkpoint(core, answer, size, &err) != OK)
        turn_fail(core, &err);
}

/* ---- CRLs ---- */

/* Revoked certificates of one shard, collected before the CRL is built. */
struct revoked {
    struct x509_crl_entry *entries;
    uint8_t (*serials)[16];
    size_t n, room, at;
};

static enum result grow(struct revoked *revoked, struct err *err)
{
    size_t room = revoked->room == 0 ? 256 : revoked->room * 2;
    void *entries = reallocarray(revoked->entries, room, sizeof *revoked->entries);
    if (entries != NULL)
        revoked->entries = entries;
    void *serials = reallocarray(revoked->serials, room, sizeof *revoked->serials);
    if (serials != NULL)
        revoked->serials = serials;
    if (entries == NULL || serials == NULL)
        return err_set(err, E_MEMORY, "no memory for a CRL of %zu entries", room);
    revoked->room = room;
    return OK;
}

static void revoked_free(struct revoked *revoked)
{
    free(revoked->entries);
    free(revoked->serials);
}

static enum result collect(void *ctx, const struct certificate *certificate, struct err *err)
{
    struct revoked *revoked = ctx;
    if (revoked->n == revoked->room)
        TRY(grow(revoked, err));
    memcpy(revoked->serials[revoked->n], certificate->serial, 16);
    revoked->entries[revoked->n] = (struct x509_crl_entry){
        .revoked_s = certificate->state_at_s,
        .reason = (enum x509_reason)certificate->reason,
    };
    revoked->n++;
    return OK;
}

static bool next_revoked(void *context, struct x509_crl_entry *ret)
{
    struct revoked *revoked = context;
    if (revoked->at == revoked->n)
        return false;
    *ret = revoked->entries[revoked->at];
    ret->serial = bytes_of(revoked->serials[revoked->at], 16);
    revoked->at++;
    return true;
}

static enum result plan_crl(struct core *core, struct crl_shard shard, struct crl_plan *ret,
                            struct err *err)
{
    struct shard row = {shard.issuer, shard.expiry_class, shard.part};
    struct crl_row last = {0};
    enum result result = store_crl(core->store, &row, &last, err);
    if (result != OK && result != R_NOT_FOUND)
        return result;
    /* The signer takes no number twice, also when its answer was lost or could not be kept. */
    if (last.number > core->publish.crl_number)
        core->publish.crl_number = last.number;
    *ret = (struct crl_plan){
        .shard = shard, .number = ++core->publish.crl_number, .this_update_s = core->now_s};
    return OK;
}

/* A certificate stays on the list until one CRL beyond its end (RFC 5280 3.3). */
static enum result build_crl(struct core *core, const struct crl_plan *plan,
                             struct revoked *revoked, struct blob *ret, struct err *err)
{
    struct shard row = {plan->shard.issuer, plan->shard.expiry_class, plan->shard.part};
    int64_t since_s = core->now_s - CRL_WINDOW_S;
    TRY(store_revoked(core->store, &row, since_s, collect, revoked, err));

    size_t room = CRL_BYTES_LEAST + revoked->n * 64;
    if (room > CRL_BYTES_MAX)
        return err_set(err, E_TOO_LARGE, "a CRL of %zu entries", revoked->n);
    ret->p = malloc(room);
    if (ret->p == NULL)
        return err_set(err, E_MEMORY, "no memory for a CRL");
    struct buf out = buf_over(ret->p, room);
    struct crl_source source = {next_revoked, revoked};
    TRY(crl_build_tbs(plan, &core->service.issuers[plan->shard.issuer], core->service.site.pki.url,
                      &source, &out, err));
    ret->n = out.n;
    return OK;
}

static enum result ask_crl(struct core *core, struct crl_shard shard, struct err *err)
{
    CLEANUP(revoked_free) struct revoked revoked = {0};
    CLEANUP(blob_free) struct blob tbs = {0};
    CLEANUP(fd_closep) int fd = -1;
    struct crl_plan plan = {0};
    TRY(plan_crl(core, shard, &plan, err));
    TRY(build_crl(core, &plan, &revoked, &tbs, err));
    TRY(sealed_from("tbs-cert-list", blob_bytes(&tbs), &fd, err));
    struct msg_sign_crl ask = {
        .id = 1,
        .issuer = shard.issuer,
        .shard_class = shard.expiry_class,
        .shard_part = shard.part,
        .number = plan.number,
    };
    TRY(ipc_send(&core->signer, IPC_SIGN_CRL, &ask, fd, err));
    core->publish.crl_asked = shard;
    core->publish.crl_plan = plan;
    service_unmark_shard(&core->service, shard);
    return OK;
}

static enum result look_at_shard(void *ctx, const struct shard *shard, struct err *err)
{
    struct core *core = ctx;
    struct crl_row last = {0};
    enum result result = store_crl(core->store, shard, &last, err);
    if (result != OK && result != R_NOT_FOUND)
        return result;
    int64_t ended_s = 0;
    if (core->publish.is_first_look) /* what ended just before the last process did */
        TRY(store_last_end(core->store, shard, &ended_s, err));
    bool is_behind = ended_s != 0 && ended_s >= last.this_s;
    if (!is_behind && crl_due_s(0, last.this_s) > core->now_s)
        return OK;
    struct crl_shard due = {(uint32_t)shard->issuer, (uint8_t)shard->class, shard->part};
    service_mark_shard(&core->service, due, core->now_s);
    return OK;
}

/* A root's CRLs were signed ahead, when its key was at hand (pki/authority.h): the one whose time
 * it is gets the name that certificates have in CRLDP. A root that exists elsewhere brings its own.
 */
static enum result turn_root_crl(struct core *core, uint32_t root, struct err *err)
{
    char ahead[CONFIG_PATH_MAX + 48], current[CONFIG_PATH_MAX + CRL_NAME_MAX + 8];
    CLEANUP(blob_free) struct blob crl = {0};
    int64_t first_s = core->service.issuers[root].not_before_s;
    uint64_t number = root_crl_number(first_s, core->now_s);
    if (number == 0 || number == core->publish.root_crls[root])
        return OK;
    snprintf(ahead, sizeof ahead, "%s/crl/%s", core->config->public_files,
             root_crl_file_name(root, number).text);
    snprintf(current, sizeof current, "%s/crl/%s", core->config->public_files,
             crl_file_name((struct crl_shard){.issuer = root}).text);
    core->publish.root_crls[root] = number;
    if (!file_exists(ahead))
        return OK;
    TRY(file_read(ahead, CRL_BYTES_LEAST, &crl, err));
    return file_write(current, 0644, blob_bytes(&crl), err);
}

static void turn_root_crls(struct core *core)
{
    for (uint32_t i = 1; i < PKI_ISSUERS; i++) {
        struct err err = {0};
        if (core->service.issuers[i].kind == PKI_ISSUER_ROOT && turn_root_crl(core, i, &err) != OK)
            log_err(LEVEL_ERROR, "root-crl-not-turned", &err, NULL);
    }
}

static void look_at_all(struct core *core)
{
    struct err err = {0};
    core->publish.is_first_look = core->publish.refreshed_s == 0;
    core->publish.refreshed_s = core->now_s;
    if (store_shards(core->store, core->now_s, look_at_shard, core, &err) != OK)
        log_err(LEVEL_ERROR, "shards-not-read", &err, NULL);
    turn_root_crls(core);
}

/* What a bulk verb marks waits for the rest of it, but not longer than CORE_CRL_WAIT_S. */
static const struct crl_dirty *first_due(const struct core *core)
{
    const struct crl_dirty *dirty = core->service.dirty;
    while (dirty != NULL && dirty->may_wait && core->now_s < dirty->since_s + CORE_CRL_WAIT_S)
        dirty = dirty->next;
    return dirty;
}

static void tick_crl(struct core *core)
{
    struct err err = {0};
    struct publish *publish = &core->publish;
    if (core->now_s - publish->refreshed_s >= CRL_LOOK_S)
        look_at_all(core);
    enum result result = turn_begin(core, &err);
    if (result == OK) /* a list that does not come is owed */
        result = finding_crls_marked(&core->service, &err);
    if (result != OK) {
        turn_fail(core, &err);
        return;
    }
    const struct crl_dirty *dirty = first_due(core);
    if (publish->crl_asked.issuer != 0 || dirty == NULL)
        return;
    if (ask_crl(core, dirty->shard, &err) != OK)
        log_err(LEVEL_ERROR, "crl-not-asked", &err, NULL);
}

static enum result keep_crl(struct core *core, const struct msg_signed_crl *answer, int fd,
                            struct err *err)
{
    char path[CONFIG_PATH_MAX + CRL_NAME_MAX + 8];
    struct bytes crl = {0};
    const struct crl_plan *plan = &core->publish.crl_plan;
    if (answer->code != E_NONE)
        return err_set(err, (enum code)answer->code, "%.*s", (int)answer->text.n,
                       (const char *)answer->text.p);
    TRY(sealed_map(fd, CRL_BYTES_MAX, &crl, err));
    snprintf(path, sizeof path, "%s/crl/%s", core->config->public_files,
             crl_file_name(plan->shard).text);
    enum result result = file_write(path, 0644, crl, err);
    sealed_unmap(&crl);
    TRY(result);

    struct crl_row row = {
        .shard = {plan->shard.issuer, plan->shard.expiry_class, plan->shard.part},
        .number = plan->number,
        .this_s = plan->this_update_s,
        .next_s = plan->this_update_s + CRL_WINDOW_S,
    };
    TRY(turn_begin(core, err));
    return finding_crl_published(&core->service, &row, core->now_s, err);
}

void publish_crl(struct core *core, const struct msg_signed_crl *answer, int fd)
{
    struct err err = {0};
    struct crl_shard shard = core->publish.crl_asked;
    core->publish.crl_asked = (struct crl_shard){0};
    core->publish.crls++;
    if (keep_crl(core, answer, fd, &err) == OK)
        return;
    service_mark_shard(&core->service, shard, core->now_s);
    turn_fail(core, &err);
}

enum result publish_open(struct core *core, struct err *err)
{
    char path[CONFIG_PATH_MAX + 8];
    snprintf(path, sizeof path, "%s/crl", core->config->public_files);
    return folder_ensure(path, 0755, err);
}

void publish_tick(struct core *core)
{
    if (!core->is_agreed)
        return;
    tick_checkpoint(core, clock_monotonic_us());
    tick_crl(core);
    remember_tick(core);
}
