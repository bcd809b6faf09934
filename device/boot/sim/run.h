/* Runs of a life on a part, and what befalls the flash in each of them. */
#pragma once

#include "life.h"

#include <setjmp.h>

#define GEOMETRIES_N 5
#define GEOMETRIES_SHORT 3 /* of those, the ones that do not take long */
extern const struct geometry geometries[];

enum trouble {
    CUT,       /* of the power, in an operation */
    CUT_TWICE, /* and once more, somewhere in what came after it */
    STUCK,     /* a bit that stays 0 or 1, from the start or from some operation on */
    WORN,      /* some blocks that take the next erasures no more, or not many */
    TROUBLES_N
};

/* One number says all of a case, and nothing else has a part in it. */
struct number {
    unsigned life, geometry;
    enum trouble trouble;
    uint64_t which; /* CUT, CUT_TWICE: the operation. Else: what was thrown; odd: a cut as well */
};

uint64_t number_of(const struct number *n);
/* False: no case has it. */
bool number_from(uint64_t v, struct number *ret);

struct effort {
    unsigned sparse;   /* of so many operations one is cut */
    unsigned second;   /* of so many cuts one is followed by another */
    uint64_t spoilt_n; /* cases each of STUCK and WORN */
};

struct run {
    const struct life *life;
    struct effort effort;
    struct number number; /* the case that is now */
    struct world world;
    struct model whole;  /* a life without trouble */
    struct model after;  /* the one with */
    uint64_t operations; /* of the life without */
    uint64_t cut_at;     /* in `after`: an operation; 0: none */
    jmp_buf power;
    bool is_alone;              /* one case: `number` */
    uint64_t cuts, spoilt;      /* cases so far */
    uint64_t refused, stranded; /* of those spoilt: something was refused; nothing may run */
    const char *broken;         /* the promise that does not hold; NULL: all do */
};

void run_open(struct run *run, unsigned life, unsigned geometry, const struct effort *effort);
void run_close(struct run *run);

/* Every case. What breaks a promise is printed with its number, and ends it. */
void run_all(struct run *run);

/* That case alone; `run->after` is what its flash is in the end. */
void run_one(struct run *run, const struct number *number);
