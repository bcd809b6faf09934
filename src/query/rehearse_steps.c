/* What to do first, and then: each step with its command. */
#include "rehearse.h"

#include <stdarg.h>
#include <stdio.h>

struct step {
    char text[LIMIT_TEXT + 1];
    char command[LIMIT_TEXT + 1];
};

static enum result give(const struct rehearsal *rehearsal, const struct step *step, struct err *err)
{
    const struct query *query = rehearsal->query;
    const struct msg_step_row row = {query->asked->id, query_text(step->text),
                                     query_text(step->command)};
    return query->give(query->context, IPC_STEP_ROW, &row, err);
}

/* A step without a count. */
static enum result plain(const struct rehearsal *rehearsal, const char *text, const char *command,
                         struct err *err)
{
    struct step step;
    snprintf(step.text, sizeof step.text, "%s", text);
    snprintf(step.command, sizeof step.command, "%s", command);
    return give(rehearsal, &step, err);
}

/* One that only `n` devices make necessary. */
static enum result counted(const struct rehearsal *rehearsal, int64_t n, const char *text,
                           const char *command, struct err *err)
{
    struct step step;
    if (n == 0)
        return OK;
    snprintf(step.text, sizeof step.text, "%lld %s", (long long)n, text);
    snprintf(step.command, sizeof step.command, "%s", command);
    return give(rehearsal, &step, err);
}

/* The list of those it is about. */
static void list_command(const struct rehearsal *rehearsal, char to[LIMIT_TEXT + 1])
{
    if (rehearsal->kind == AUTHORITY_NONE)
        snprintf(to, LIMIT_TEXT + 1, "troth device list --product \"%s\"", rehearsal->name);
    else if (rehearsal->kind == AUTHORITY_ANCHOR)
        snprintf(to, LIMIT_TEXT + 1, "troth device list");
    else
        snprintf(to, LIMIT_TEXT + 1, "troth device list --issuer %lld", (long long)rehearsal->row);
}

/* Those who do not come back by themselves come first. */
static enum result give_reach(const struct rehearsal *rehearsal, struct err *err)
{
    char list[LIMIT_TEXT + 1];
    list_command(rehearsal, list);
    TRY(counted(rehearsal, rehearsal->sum.unreachable,
                "cannot reach this server now: find them before anything ends", list, err));
    return counted(rehearsal, rehearsal->sum.doorless,
                   "have no other door that is known: import their factory keys, or be ready to "
                   "retire them and let them in by permit and token",
                   "troth device import", err);
}

static enum result give_root_steps(const struct rehearsal *rehearsal, struct err *err)
{
    TRY(plain(rehearsal, "where the root's key is, make the root that follows it",
              "trothd issuer root", err));
    TRY(plain(rehearsal, "add it; then an issuer of each kind below it",
              "troth issuer add NUMBER root --certificate FILE", err));
    return OK;
}

static enum result give_follower_steps(const struct rehearsal *rehearsal, struct err *err)
{
    char command[LIMIT_TEXT + 1];
    const char *kind = authority_word(rehearsal->kind);
    snprintf(command, sizeof command, "trothd issuer rotate --kind %s", kind);
    TRY(plain(rehearsal, "make the key of the issuer that follows it, and have its request signed",
              command, err));
    snprintf(command, sizeof command, "troth issuer add NUMBER %s --certificate FILE", kind);
    return plain(rehearsal, "let it issue; this one is retiring from then on", command, err);
}

static enum result give_issuer_steps(const struct rehearsal *rehearsal, struct err *err)
{
    char command[LIMIT_TEXT + 1];
    bool is_root = rehearsal->kind == AUTHORITY_ROOT;
    if (rehearsal->is_current && is_root)
        TRY(give_root_steps(rehearsal, err));
    else if (rehearsal->is_current)
        TRY(give_follower_steps(rehearsal, err));
    TRY(counted(rehearsal, rehearsal->operators, "operators renew their own certificates",
                "troth operator renew", err));
    list_command(rehearsal, command);
    TRY(counted(rehearsal, rehearsal->sum.devices,
                "devices renew by themselves: wait until nobody needs it", command, err));
    snprintf(command, sizeof command, "troth issuer retire %lld", (long long)rehearsal->row);
    return plain(rehearsal, "end it; with --force, if it cannot wait: two people", command, err);
}

static enum result give_anchor_steps(const struct rehearsal *rehearsal, struct err *err)
{
    TRY(plain(rehearsal, "accept the maker's other root, if there is one",
              "troth anchor add PRODUCT --certificate FILE", err));
    return counted(rehearsal, rehearsal->sum.devices,
                   "devices were proven by it: certificates that they have go on, and renew",
                   "troth device list", err);
}

static enum result give_product_steps(const struct rehearsal *rehearsal, struct err *err)
{
    char command[LIMIT_TEXT + 1];
    snprintf(command, sizeof command, "troth product set \"%s\" --claims-an-hour N",
             rehearsal->name);
    TRY(plain(rehearsal, "raise what may come back an hour for as long as it lasts", command, err));
    snprintf(command, sizeof command, "troth device revoke --product \"%s\" --dry-run",
             rehearsal->name);
    return plain(rehearsal, "look at what the revocation would end, then run it: two people",
                 command, err);
}

enum result rehearsal_give_steps(const struct rehearsal *rehearsal, struct err *err)
{
    TRY(give_reach(rehearsal, err));
    if (rehearsal->kind == AUTHORITY_NONE)
        return give_product_steps(rehearsal, err);
    if (rehearsal->kind == AUTHORITY_ANCHOR)
        return give_anchor_steps(rehearsal, err);
    return give_issuer_steps(rehearsal, err);
}
