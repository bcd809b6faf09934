/* A fleet in a real store, and questions to it as each of its operators. */
#ifndef TEST_QUERY_FIXTURE_H
#define TEST_QUERY_FIXTURE_H

#include <query/query.h>
#include <store/store.h>
#include <trust/words.h>

#define NOW_S 1000000
#define ROWS_MAX 256

/* Operators by the first octet of their key. */
enum { ADMIN = 0xa1, VIEWER = 0xa2, ACME = 0xa3, ENDED = 0xa4, STRANGER = 0xa5 };

struct row {
    enum ipc_type type;
    int64_t id;
    uint8_t state;
    char text[80];
};

struct fixture {
    char folder[64];
    struct store *store;
    struct err err;
    struct row rows[ROWS_MAX];
    size_t n;
    int64_t next;
    int64_t later_s; /* the next question is asked at NOW_S + this */
    struct msg_rehearsal_row rehearsal;
};

int fixture_set_up(void **state);
int fixture_tear_down(void **state);

/* Answers land in f->rows; f->err has why not. */
enum result ask(struct fixture *f, uint8_t key, struct msg_question question);

/* A hash, or a serial number as design 5 has it: class 1 in octet 11, the number in the last. */
void fill_blob(uint8_t *octets, size_t n, int64_t id);

/* Is there a row with this text? */
bool has(const struct fixture *f, const char *row_text);
/* What the first such row says: its number; -1 without one. */
int64_t value_of(const struct fixture *f, const char *row_text);

#endif
