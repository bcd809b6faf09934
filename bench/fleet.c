/* Makes an installation with a fleet that has years of history behind it:
 *
 *   bench-fleet --out FOLDER [--devices N] [--years N] [--findings N] [--seed N]
 *               [--products N] [--owners N] [--until SECONDS]
 *
 * FOLDER must not hold an installation; troth.yaml and passphrase in it are kept when they are
 * there. The same options give the same ledger, octet for octet; --until (now) is one of them.
 * Prints what there is in one line of JSON. Keys are made of the seed: never for use. */
#include "fleet.h"

#include <wire/hex.h>

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const char usage[] =
    "usage: bench-fleet --out FOLDER [--devices N] [--years N] [--findings N] [--seed N]\n"
    "                   [--products N] [--owners N] [--until SECONDS]\n";

static const struct option names[] = {
    {"out", required_argument, NULL, 'o'},
    {"devices", required_argument, NULL, 'd'},
    {"years", required_argument, NULL, 'y'},
    {"findings", required_argument, NULL, 'f'},
    {"seed", required_argument, NULL, 's'},
    {"products", required_argument, NULL, 'p'},
    {"owners", required_argument, NULL, 'w'},
    {"until", required_argument, NULL, 'u'},
    {NULL, 0, NULL, 0},
};

static bool read_number(const char *text, uint64_t least, uint64_t most, uint64_t *ret)
{
    char *end = NULL;
    *ret = strtoull(text, &end, 10);
    return end != text && *end == '\0' && *ret >= least && *ret <= most;
}

static bool read_u32(const char *text, uint32_t least, uint32_t most, uint32_t *ret)
{
    uint64_t number = 0;
    bool good = read_number(text, least, most, &number);
    *ret = (uint32_t)number;
    return good;
}

static bool read_option(int name, const char *text, struct fleet_options *ret)
{
    uint64_t until_s = 0;
    switch (name) {
    case 'o':
        ret->out = text;
        return true;
    case 'd':
        return read_u32(text, 1, 10000000, &ret->devices);
    case 'y':
        return read_u32(text, 1, 9, &ret->years); /* issuers live for ten */
    case 'f':
        return read_u32(text, 0, 10000000, &ret->findings);
    case 's':
        return read_number(text, 0, UINT64_MAX, &ret->seed);
    case 'p':
        return read_u32(text, 1, 1000, &ret->products);
    case 'w':
        return read_u32(text, 1, 999, &ret->owners);
    case 'u':
        if (!read_number(text, 1000000000, 4000000000, &until_s))
            return false;
        ret->until_s = (int64_t)until_s;
        return true;
    default:
        return false;
    }
}

static bool read_options(int argc, char **argv, struct fleet_options *ret)
{
    int name = 0;
    while ((name = getopt_long(argc, argv, "", names, NULL)) != -1)
        if (!read_option(name, optarg, ret))
            return false;
    return optind == argc && ret->out != NULL;
}

static void fleet_free(struct fleet *fleet)
{
    plan_free(&fleet->plan);
    people_free(fleet);
    house_close(&fleet->house);
    free(fleet->queue.heap);
    free(fleet->units);
    free(fleet);
}

static void fleet_freep(struct fleet **fleet)
{
    if (*fleet != NULL)
        fleet_free(*fleet);
}

static enum result add_up(void *ctx, int64_t key, int64_t n, struct err *err)
{
    (void)key;
    (void)err;
    *(int64_t *)ctx += n;
    return OK;
}

static enum result report(struct fleet *fleet, struct err *err)
{
    struct store *store = fleet->house.store;
    struct ledger *ledger = fleet->house.service.ledger;
    uint8_t root[32], digits[64];
    struct buf hex = buf_over(digits, sizeof digits);
    int64_t certificates = 0, findings = 0, open = 0;
    TRY(store_rows(store, TABLE_CERTIFICATE, &certificates, err));
    TRY(store_rows(store, TABLE_FINDING, &findings, err));
    TRY(store_counts(store, "finding", bytes_of(NULL, 0), add_up, &open, err));
    ledger_root(ledger, root);
    hex_encode(&hex, bytes_of(root, sizeof root));
    printf("{\"devices\": %" PRIu32 ", \"certificates\": %" PRId64 ", \"entries\": %" PRIu64
           ", \"findings\": %" PRId64 ", \"open\": %" PRId64 ", \"refused\": %" PRIu32
           ", \"root\": \"%.*s\", \"cpu_s\": %.1f}\n",
           fleet->imported, certificates, ledger_size(ledger), findings, open, fleet->refused,
           (int)hex.n, (const char *)digits, (double)clock() / CLOCKS_PER_SEC);
    return OK;
}

static enum result run(const struct fleet_options *options, struct err *err)
{
    CLEANUP(fleet_freep) struct fleet *fleet = calloc(1, sizeof *fleet);
    if (fleet == NULL)
        return err_set(err, E_MEMORY, "no memory for a fleet");
    fleet_seed(options->seed);
    TRY(plan_make(options, &fleet->plan, err));
    fleet->units_n = options->devices;
    fleet->units = calloc(options->devices, sizeof *fleet->units);
    if (fleet->units == NULL)
        return err_set(err, E_MEMORY, "no memory for %" PRIu32 " devices", options->devices);
    TRY(house_open(&fleet->house, options->out, fleet->plan.from_s, err));
    TRY(life_run(fleet, options->findings, err));
    TRY(house_finish(&fleet->house, err));
    return report(fleet, err);
}

int main(int argc, char **argv)
{
    struct err err = {0};
    struct fleet_options options = {
        .seed = 1,
        .until_s = time(NULL),
        .devices = 1000,
        .products = 12,
        .owners = 40,
        .years = 3,
        .findings = UINT32_MAX,
    };
    if (!read_options(argc, argv, &options)) {
        fputs(usage, stderr);
        return 2;
    }
    if (options.findings == UINT32_MAX)
        options.findings = options.devices / 10;
    if (run(&options, &err) != OK) {
        fprintf(stderr, "bench-fleet: %s\n", err.text);
        return 1;
    }
    return 0;
}
