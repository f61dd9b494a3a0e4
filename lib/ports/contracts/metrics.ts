export const metricNamespace = 'OaaS';

/** Names of our metrics, all in one namespace with the dimensions `region` and, where it applies, `pool`. */
export const metricNames = {
  arrivals: 'Arrivals',
  arrivalsForecast: 'ArrivalsForecast',
  refused: 'Refused',
  responseMsMean: 'ResponseMsMean',
  responseMsPredicted: 'ResponseMsPredicted',
  targetMs: 'TargetMs',
  vmsReady: 'VmsReady',
  vmsBooting: 'VmsBooting',
  rentUsdPerHour: 'RentUsdPerHour',
  rentBoundUsdPerHour: 'RentBoundUsdPerHour',
  launchFailures: 'LaunchFailures',
  slotsMissed: 'SlotsMissed',
  priceAgeHours: 'PriceAgeHours',
  configFaults: 'ConfigFaults',
  launchToHeartbeatS: 'LaunchToHeartbeatS',
} as const;
