#include "life.h"

/* On spoilt flash what is wanted may be refused; what is not wanted is never taken. */
static void want(struct on *on, enum troth_verdict seen, enum troth_verdict wanted,
                 const char *promise)
{
    if (seen == wanted)
        return;
    if (on->is_spoilt && seen != TROTH_VALID)
        on->is_refused = true;
    else if (on->broken == NULL)
        on->broken = promise;
}

static enum troth_verdict install(struct on *on, enum world_image image)
{
    struct troth_fault fault;
    const struct world_file *envelope = &on->world->envelopes[image];
    return boot_install(on->device, (struct troth_octets){envelope->p, envelope->n}, world_fetch,
                        (void *)(uintptr_t)&on->world->images[image], &fault);
}

static enum troth_verdict install_keys(struct on *on, unsigned set)
{
    struct troth_fault fault;
    const struct world_file *object = &on->world->sets[set];
    return boot_keys_install(on->device, (struct troth_octets){object->p, object->n}, &fault);
}

static void confirm(struct on *on)
{
    want(on, boot_confirm(on->device), TROTH_VALID, "what was started on trial can be confirmed");
}

/* An update that is confirmed. */
static bool upgrade(struct on *on)
{
    if (on->image == IMAGE_OLD)
        want(on, install(on, IMAGE_NEW), TROTH_VALID, "an update that is signed installs");
    else if (on->report->is_trial)
        confirm(on);
    return on->image == IMAGE_NEW && !on->report->is_trial;
}

/* An update that is never confirmed: the device goes back. */
static bool revert(struct on *on)
{
    if (on->image != IMAGE_OLD) /* what is left when the old one is spoilt is no trial */
        return on->is_spoilt && !on->report->is_trial;
    if (on->report->trial == TROTH_VALID)
        return true;
    want(on, install(on, IMAGE_NEW), TROTH_VALID, "an update that is signed installs");
    return false;
}

/* After an update, what is older by number, by counter or by nobody's key. */
static bool downgrade(struct on *on)
{
    if (!upgrade(on))
        return false;
    want(on, install(on, IMAGE_OLD), TROTH_OLDER_SEQUENCE, "an older release does not install");
    want(on, install(on, IMAGE_LOW), TROTH_OLDER_COUNTER, "a lower counter does not install");
    want(on, install(on, IMAGE_FOREIGN), TROTH_BAD_SIGNATURE, "a foreign key's does not install");
    return true;
}

static void want_next_keys(struct on *on, const struct boot_state *state)
{
    bool is_next = state->keys != 0 && state->key_floor == 2 && on->report->keys_sequence == 2;
    want(on, is_next ? TROTH_VALID : TROTH_MISSING, TROTH_VALID,
         "a key set counts once the last slot that needs the old one is replaced");
}

/* The first key is given up: the set waits until no slot needs it, through two updates. */
static bool change_keys(struct on *on)
{
    struct boot_state state;
    (void)state_read(on->device->flash, &on->device->layout.state, &state);
    if (on->report->is_trial) {
        confirm(on);
        return false;
    }
    if (on->image == IMAGE_OLD && state.pending_keys == 0) {
        want(on, install_keys(on, 1), TROTH_VALID, "a key set that follows is taken");
        return false;
    }
    if (on->image == IMAGE_OLD)
        want(on, install(on, IMAGE_NEW), TROTH_VALID, "an update that is signed installs");
    if (on->image == IMAGE_NEW)
        want(on, install(on, IMAGE_NEWER), TROTH_VALID, "an update that is signed installs");
    if (on->image != IMAGE_NEWER)
        return false;
    want_next_keys(on, &state);
    want(on, install(on, IMAGE_OLD), TROTH_BELOW_FLOOR, "a key below the floor never verifies");
    return true;
}

/* One slot for the application: the recovery image replaces it. */
static bool recover(struct on *on)
{
    if (on->image == IMAGE_OLD)
        want(on, boot_recover(on->device), TROTH_VALID, "the recovery image can be asked for");
    else if (on->image == IMAGE_NEWER)
        want(on, install(on, IMAGE_NEW), TROTH_VALID, "the recovery image installs");
    else if (on->report->is_trial)
        confirm(on);
    return on->image == IMAGE_NEW && !on->report->is_trial;
}

/* The same with one slot, which the recovery image replaces: that is signed by a key that stays. */
static bool change_keys_once(struct on *on)
{
    struct boot_state state;
    (void)state_read(on->device->flash, &on->device->layout.state, &state);
    if (on->report->is_trial) {
        confirm(on);
    } else if (on->image == IMAGE_OLD) {
        if (state.pending_keys == 0)
            want(on, install_keys(on, 1), TROTH_VALID, "a key set that follows is taken");
        want(on, boot_recover(on->device), TROTH_VALID, "the recovery image can be asked for");
    } else if (on->image == IMAGE_NEW) {
        want_next_keys(on, &state);
        want(on, boot_recover(on->device), TROTH_VALID, "the recovery image can be asked for");
    } else {
        bool is_changed = state.key_floor == 2;
        if (is_changed || !on->is_spoilt) /* the set that waits may be lost */
            want(on, install(on, IMAGE_OLD), TROTH_BELOW_FLOOR,
                 "a key that is given up signs no more");
        if (!is_changed)
            want(on, install(on, IMAGE_NEW), TROTH_VALID, "the recovery image installs");
        return is_changed;
    }
    return false;
}

const struct life lives[] = {
    {"upgrade", false, 4, upgrade},     {"revert", false, 4, revert},
    {"downgrade", false, 4, downgrade}, {"change-keys", false, 8, change_keys},
    {"recover", true, 6, recover},      {"change-keys-once", true, 6, change_keys_once},
};
const unsigned lives_n = sizeof lives / sizeof lives[0];
