// SPDX-License-Identifier: GPL-2.0
/* hotplug.c - states since v4.10, a notifier before. */
#include <linux/cpu.h>

#include "hotplug.h"

static void (*on_prepare)(unsigned int cpu);
static void (*on_dead)(unsigned int cpu);

#ifdef HAVE_CPUHP

static int state;

static int prepare(unsigned int cpu)
{
	on_prepare(cpu);
	return 0;
}

static int dead(unsigned int cpu)
{
	on_dead(cpu);
	return 0;
}

int eyas_hotplug_init(void (*prepare_func)(unsigned int), void (*dead_func)(unsigned int))
{
	int ret;

	on_prepare = prepare_func;
	on_dead = dead_func;
	ret = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN, "security/eyas:prepare", prepare, dead);
	if (ret < 0)
		return ret;
	state = ret;
	return 0;
}

void eyas_hotplug_exit(void)
{
	cpuhp_remove_state_nocalls(state);
}

#else

static int notify(struct notifier_block *nb, unsigned long action, void *arg)
{
	unsigned int cpu = (unsigned long)arg;

	switch (action & ~CPU_TASKS_FROZEN) {
	case CPU_UP_PREPARE:
		on_prepare(cpu);
		break;
	case CPU_UP_CANCELED:
	case CPU_DEAD:
		on_dead(cpu);
		break;
	}
	return NOTIFY_OK;
}

static struct notifier_block notifier = { .notifier_call = notify };

int eyas_hotplug_init(void (*prepare_func)(unsigned int), void (*dead_func)(unsigned int))
{
	on_prepare = prepare_func;
	on_dead = dead_func;
	return register_cpu_notifier(&notifier);
}

void eyas_hotplug_exit(void)
{
	unregister_cpu_notifier(&notifier);
}

#endif
