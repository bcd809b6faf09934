/* One question of a proxy: from its head to an answer. */
#ifndef GATE_JUDGE_H
#define GATE_JUDGE_H

#include <boundary/boundary.h>
#include <gate/head.h>

#include <stdbool.h>

struct gate; /* what is remembered between questions: certificates that were verified */

MUST_USE enum result gate_new(struct boundary *boundary, struct gate **ret, struct err *err);
void gate_free(struct gate *gate); /* NULL is fine */

struct gate_answer {
    enum boundary_reason reason;
    bool has_identity;
    struct boundary_identity identity;
};

/* Decides, and has it reported. One thread. `now_s` is the wall clock. */
struct gate_answer gate_judge(struct gate *gate, const struct gate_head *head, int64_t now_s);

/* RFC 9110: 204 admits, 401 without a certificate, else 403. nginx makes 500 of any other. */
unsigned gate_status(enum boundary_reason reason);

#endif
