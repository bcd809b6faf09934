/* What the parts of bench-standing share. */
#ifndef BENCH_STANDING_RUN_H
#define BENCH_STANDING_RUN_H

#include <service/service.h>

struct run {
    struct store *store;
    struct service *service; /* of a writer */
    struct config *config;
    int64_t now_s;
};

void fleet_set_clock(int64_t now_s); /* fleet_clock.c */

double run_cpu_s(void);
double run_wall_s(void);
void run_print(const char *figure, double value);

/* standing_ask.c */
MUST_USE enum result run_ask(struct run *run, struct err *err);

#endif
