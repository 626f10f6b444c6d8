#include "cli/doctor_core.h"

#include "base/banned.h"

#define CANNOT_ASK 2

static int examine(struct doctor *doctor)
{
    const struct doctor_options *options = &doctor->options;
    (void)config_update(&doctor->config, NULL, 0);
    doctor->schema = options->schema ? str_from(options->schema) : doctor->config.settings.schema;
    doctor_look(doctor, true);
    bool reached = doctor_connect(doctor);
    if (reached)
        doctor_look(doctor, false);
    if (!options->json)
        doctor_show(doctor);
    if (options->fix)
        doctor_fix(doctor);
    if (options->json)
        doctor_show_json(doctor);
    else if (reached || doctor->count)
        doctor_show_sum(doctor);
    if (!reached)
        return CANNOT_ASK;
    return doctor_left(doctor, SEVERITY_WARNING) ? 1 : 0;
}

int doctor_examine(const struct doctor_options *options)
{
    struct doctor doctor = {.options = *options};
    pg_environment();
    arena_init(&doctor.arena);
    config_init(&doctor.config);
    int status = examine(&doctor);
    pg_free(doctor.pg);
    config_release(&doctor.config);
    arena_release(&doctor.arena);
    return status;
}
