/* SPDX-License-Identifier: GPL-2.0 */
/* hotplug.h - being told of CPUs before they come up and after they are gone. */
#ifndef EYAS_HOTPLUG_H
#define EYAS_HOTPLUG_H

/* Both may sleep and are called with the hotplug lock held for writing. */
int eyas_hotplug_init(void (*prepare)(unsigned int cpu), void (*dead)(unsigned int cpu));
void eyas_hotplug_exit(void);

#endif /* EYAS_HOTPLUG_H */
