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
#include <service/said.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CRL_LOOK_S 60 /* how often every shard's age is looked at */

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

static enum result ask_crl(struct core *core, struct crl_shard shard, struct err *err)
{
    CLEANUP(blob_free) struct blob tbs = {0};
    CLEANUP(fd_closep) int fd = -1;
    struct crl_plan plan = {0};
    size_t complete_n = 0;
    TRY(plan_crl(core, shard, &plan, err));
    TRY(crl_lists_build(core, &plan, &tbs, &complete_n, err));
    TRY(sealed_from("tbs-cert-list", blob_bytes(&tbs), &fd, err));
    struct msg_sign_crl ask = {
        .id = 1,
        .issuer = shard.issuer,
        .shard_class = shard.expiry_class,
        .shard_part = shard.part,
        .number = plan.number,
        .complete_n = (uint32_t)complete_n,
    };
    TRY(ipc_send(&core->signer, IPC_SIGN_CRL, &ask, fd, err));
    core->publish.crl_asked = shard;
    core->publish.crl_plan = plan;
    service_unmark_shard(&core->service, shard);
    return OK;
}

/* When a certificate of the shard ended last, or any went on hold or off it. */
static enum result last_change(struct core *core, const struct shard *shard, int64_t *ret_s,
                               struct err *err)
{
    int64_t held_s = 0;
    TRY(store_last_end(core->store, shard, ret_s, err));
    enum result result = store_meta(core->store, SERVICE_META_HELD, &held_s, err);
    if (result != OK && result != R_NOT_FOUND)
        return result;
    if (held_s > *ret_s)
        *ret_s = held_s;
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
    if (core->publish.is_first_look) /* what changed just before the last process ended */
        TRY(last_change(core, shard, &ended_s, err));
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

static enum result write_crl(struct core *core, struct crl_name name, struct bytes crl,
                             struct err *err)
{
    char path[CONFIG_PATH_MAX + CRL_NAME_MAX + 8];
    snprintf(path, sizeof path, "%s/crl/%s", core->config->public_files, name.text);
    return file_write(path, 0644, crl, err);
}

/* The delta first: who has it and an older complete one knows more than who has that alone. */
static enum result write_crls(struct core *core, const struct msg_signed_crl *answer, int fd,
                              struct err *err)
{
    struct crl_shard shard = core->publish.crl_plan.shard;
    CLEANUP(sealed_unmap) struct bytes crls = {0};
    TRY(sealed_map(fd, CRL_BYTES_MAX, &crls, err));
    TRY(write_crl(core, crl_delta_name(shard), bytes_slice(crls, answer->complete_n, crls.n), err));
    return write_crl(core, crl_file_name(shard), bytes_slice(crls, 0, answer->complete_n), err);
}

static enum result keep_crl(struct core *core, const struct msg_signed_crl *answer, int fd,
                            struct err *err)
{
    const struct crl_plan *plan = &core->publish.crl_plan;
    if (answer->code != E_NONE)
        return err_set(err, (enum code)answer->code, "%.*s", (int)answer->text.n,
                       (const char *)answer->text.p);
    TRY(write_crls(core, answer, fd, err));
    crl_bases_note(&core->publish.bases, plan);

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
