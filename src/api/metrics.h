/*
 * The counts of all workers, as Prometheus reads them.
 */
#ifndef PG409_API_METRICS_H
#define PG409_API_METRICS_H

#include "web/work.h"

/*
 * GET /_metrics: Prometheus' text format 0.0.4, or OpenMetrics 1.0.0 where Accept asks for it. 404
 * where the setting metrics is off. Itself it is counted after it is written.
 */
void metrics_show(struct work *work);

#endif
