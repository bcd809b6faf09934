/* What the plugin is told in mosquitto.conf, and what it must not find there. */
#ifndef BROKER_SETTINGS_H
#define BROKER_SETTINGS_H

#include <base/err.h>
#include <base/limits.h>

#define BROKER_PATH_MAX 512
#define BROKER_CONFIG_MAX (1 << 20) /* octets of one file of the broker's */
#define BROKER_FILES_MAX 256        /* of an include_dir */

struct broker_settings {
    char state[BROKER_PATH_MAX];  /* plugin_opt_state: folder of the boundary */
    char service[LIMIT_NAME + 1]; /* plugin_opt_service */
    char product[LIMIT_NAME + 1]; /* plugin_opt_product: no other; empty: any */
    char config[BROKER_PATH_MAX]; /* plugin_opt_config; empty: of the broker's command line */
};

/* Takes one option, the name without plugin_opt_. E_SYNTAX: there is none of that name, it stands
 * twice, or its value is too long. */
MUST_USE enum result broker_option(struct broker_settings *settings, const char *name,
                                   const char *value, struct err *err);
/* E_SYNTAX unless state and service were told. */
MUST_USE enum result broker_settings_check(const struct broker_settings *settings, struct err *err);

/* What is done with the value of an include_dir. */
typedef enum result (*broker_take_folder)(const char *path, struct err *err);

/* Under use_identity_as_username or use_subject_as_username the broker asks no plugin who may
 * connect, and a revoked device would come in. E_CONFLICT names the line. `take` is called for each
 * include_dir in `text`; NULL: for none. */
MUST_USE enum result broker_config_check(const char *name, struct bytes text,
                                         broker_take_folder take, struct err *err);

/* The same of the broker's files: the one in settings->config, or of this process's command line
 * (-c), and all *.conf of each include_dir. E_CONFLICT, E_NOT_FOUND: no file is named, E_IO. */
MUST_USE enum result broker_config_check_files(const struct broker_settings *settings,
                                               struct err *err);

#endif
