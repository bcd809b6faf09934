#include "load.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: bench-load MODE --port N --ca FILE [--folder FOLDER --path PATH]\n"
    "                  [--first N] [--count N] [--connections N]\n"
    "MODE: keepalive, connect, idle\n";

static const char *const mode_names[] = {
    [LOAD_KEEPALIVE] = "keepalive",
    [LOAD_CONNECT] = "connect",
    [LOAD_IDLE] = "idle",
};

static void refuse(void)
{
    fputs(usage, stderr);
    exit(2);
}

static enum load_mode read_mode(const char *text)
{
    for (size_t i = 0; i < LENGTH_OF(mode_names); i++)
        if (strcmp(mode_names[i], text) == 0)
            return (enum load_mode)i;
    refuse();
    return LOAD_IDLE;
}

static unsigned long read_number(const char *text, unsigned long most)
{
    char *end = NULL;
    unsigned long n = strtoul(text, &end, 10);
    if (end == text || *end != '\0' || n > most)
        refuse();
    return n;
}

struct load_options load_options_read(int argc, char **argv)
{
    static const struct option names[] = {
        {"port", required_argument, NULL, 'p'},        {"ca", required_argument, NULL, 'a'},
        {"folder", required_argument, NULL, 'f'},      {"path", required_argument, NULL, 'u'},
        {"first", required_argument, NULL, 's'},       {"count", required_argument, NULL, 'n'},
        {"connections", required_argument, NULL, 'c'}, {NULL, 0, NULL, 0},
    };
    if (argc < 2)
        refuse();
    struct load_options options = {.mode = read_mode(argv[1]), .count = 1, .connections = 64};
    int name;
    optind = 2;
    while ((name = getopt_long(argc, argv, "", names, NULL)) != -1) {
        switch (name) {
        case 'p':
            options.port = (uint16_t)read_number(optarg, UINT16_MAX);
            break;
        case 'a':
            options.ca = optarg;
            break;
        case 'f':
            options.folder = optarg;
            break;
        case 'u':
            options.path = optarg;
            break;
        case 's':
            options.first = read_number(optarg, UINT32_MAX);
            break;
        case 'n':
            options.count = read_number(optarg, UINT32_MAX);
            break;
        case 'c':
            options.connections = read_number(optarg, 100000);
            break;
        default:
            refuse();
        }
    }
    bool has_all = options.port != 0 && options.ca != NULL && options.path != NULL &&
                   (options.mode == LOAD_IDLE || options.folder != NULL);
    if (!has_all || optind != argc)
        refuse();
    if (options.connections > options.count || options.mode == LOAD_IDLE)
        options.connections = options.count;
    return options;
}
