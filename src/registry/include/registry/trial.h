/* What a policy would do to devices, by judging them with it beside the one in force. Nothing is
 * written; a step at a time, so that core can do it beside everything else. */
#ifndef REGISTRY_TRIAL_H
#define REGISTRY_TRIAL_H

#include <store/store.h>
#include <trust/policy_body.h>

#define TRIAL_DEVICES 10000 /* all are judged up to so many, of more as many, chosen at random */
#define TRIAL_STEP 512      /* rows that one step looks at */

/* Of one product, by its row. */
struct trial_product {
    bool is_known;
    struct policy_part own; /* that would be in force */
    int64_t devices;
    int64_t quarantined; /* of those that were judged */
};

struct trial {
    int64_t product;          /* whose policy it is; 0 = the fleet's */
    struct policy_part part;  /* as proposed */
    struct policy_part fleet; /* that would be in force */
    int64_t devices;          /* that it is about */
    int64_t wanted, judged;
    int64_t passed, after; /* rows that were looked at; the last of them */
    int64_t touched;       /* devices with another set of findings, or another effect */
    int64_t opens[CHECK_MAX + 1], closes[CHECK_MAX + 1]; /* devices, by check */
    int64_t refused;     /* devices whose next request would be refused, and is not today */
    int64_t quarantined; /* that a finding's effect would quarantine, and does not today */
    int64_t products_n;
    struct trial_product *products;
};

/* `ret` is the caller's: trial_free(). */
MUST_USE enum result trial_begin(struct store *store, int64_t product,
                                 const struct policy_part *part, struct trial *ret,
                                 struct err *err);

/* Judges at most `most` devices as they are at `now_s`; *ret_done: there are no more. */
MUST_USE enum result trial_step(struct store *store, struct trial *trial, size_t most,
                                int64_t now_s, bool *ret_done, struct err *err);
void trial_free(struct trial *trial);

/* Of the quarantines, how many the brake would hold in the first hour, were nothing of its budget
 * used: of a sample, as many as it stands for. */
int64_t trial_held(const struct trial *trial);

/* In one line of at most LIMIT_POLICY_JUDGED octets, for people: "12 of 12 devices judged, 3
 * change; TD-10 opens on 2, closes on 0; ...".
 */
void trial_put_words(const struct trial *trial, struct buf *to);

#endif
