export const metricNamespace = 'OaaS';

/** Names of our metrics, all in one namespace with the dimensions `region` and, where it applies, `pool`. */
export const metricNames = {
  arrivals: 'Arrivals',
  arrivalsForecast: 'ArrivalsForecast',
  refused: 'Refused',
  responseMsMean: 'ResponseMsMean',
  responseMsP95: 'ResponseMsP95',
  /** Of the SLA's indicator. */
  responseMsPredicted: 'ResponseMsPredicted',
  responseMsP95Predicted: 'ResponseMsP95Predicted',
  targetMs: 'TargetMs',
  vmsReady: 'VmsReady',
  vmsBooting: 'VmsBooting',
  vmsDraining: 'VmsDraining',
  vmsUnhealthy: 'VmsUnhealthy',
  vmsStopped: 'VmsStopped',
  tasksRunning: 'TasksRunning',
  tasksWaiting: 'TasksWaiting',
  rentUsdPerHour: 'RentUsdPerHour',
  /** The fluid bound's rent, and what the OaaS paper's algorithm would rent for the same promise. */
  rentBoundUsdPerHour: 'RentBoundUsdPerHour',
  rentPaperUsdPerHour: 'RentPaperUsdPerHour',
  /** Per VM type: the type is the dimension `type`. */
  vms: 'Vms',
  launchFailures: 'LaunchFailures',
  slotsMissed: 'SlotsMissed',
  priceAgeHours: 'PriceAgeHours',
  configFaults: 'ConfigFaults',
  launchToHeartbeatS: 'LaunchToHeartbeatS',
} as const;
