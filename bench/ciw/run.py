"""Runs pools in Ciw (https://ciw.readthedocs.io), the reference that our simulator is compared with.

Reads from standard input a JSON list of cases
  {"vms": [{"coreRatePerS": 10, "cores": 1, "sharingLimit": 4}], "arrivalRatePerS": 8,
   "demand": {"distribution": "exponential | deterministic | lognormal", "scv": 4},
   "requests": 20000, "warmup": 2000, "replications": 5, "seed": 1}
With one VM it gets all requests; with more, each request joins the shortest queue (ties at random).
Writes a JSON list of {"responseS": [...], "waitingS": [...], "serviceS": [...], "jobsPerS": n}: one mean per replication.
"""

import json
import math
import sys
import time

import ciw


def service(demand, core_rate):
    mean = 1 / core_rate
    if demand["distribution"] == "exponential":
        return ciw.dists.Exponential(core_rate)
    if demand["distribution"] == "deterministic":
        return ciw.dists.Deterministic(mean)
    if demand["distribution"] == "lognormal":
        variance = math.log(1 + demand["scv"])
        return ciw.dists.Lognormal(math.log(mean) - variance / 2, math.sqrt(variance))
    raise ValueError(f"unknown distribution {demand['distribution']}")


def network(case):
    vms = case["vms"]
    demand = case["demand"]
    arrivals = ciw.dists.Exponential(case["arrivalRatePerS"])
    nodes = [service(demand, vm["coreRatePerS"]) for vm in vms]
    limits = [vm["sharingLimit"] for vm in vms]
    # A PSNode's threshold is the number present up to which nobody slows down: the cores.
    cores = [vm["cores"] for vm in vms]
    if len(vms) == 1:
        return ciw.create_network(
            arrival_distributions=[arrivals],
            service_distributions=nodes,
            number_of_servers=limits,
            ps_thresholds=cores,
        ), [ciw.PSNode], 1
    # Node 1 is the dispatcher: no service time, and it sends each request to the shortest queue.
    # Ciw's JoinShortestQueue counts only those who wait, which in processor sharing is nobody; LoadBalancing counts all.
    join = ciw.routing.LoadBalancing(destinations=list(range(2, len(vms) + 2)), tie_break="random")
    return ciw.create_network(
        arrival_distributions=[arrivals] + [None] * len(vms),
        service_distributions=[ciw.dists.Deterministic(0)] + nodes,
        number_of_servers=[float("inf")] + limits,
        ps_thresholds=[1] + cores,
        routing=ciw.routing.NetworkRouting(routers=[join] + [ciw.routing.Leave() for _ in vms]),
    ), [ciw.Node] + [ciw.PSNode] * len(vms), 2


def run(case):
    result = {"responseS": [], "waitingS": [], "serviceS": []}
    jobs = 0
    seconds = 0.0
    for replication in range(case["replications"]):
        ciw.seed(case["seed"] + replication)
        net, classes, first = network(case)
        simulation = ciw.Simulation(net, node_class=classes)
        start = time.process_time()
        simulation.simulate_until_max_customers(case["requests"] + case["warmup"], method="Finish")
        seconds += time.process_time() - start
        jobs += case["requests"] + case["warmup"]
        records = sorted(
            (r for r in simulation.get_all_records() if r.node >= first), key=lambda r: r.arrival_date
        )[case["warmup"] :]
        count = len(records)
        result["responseS"].append(sum(r.exit_date - r.arrival_date for r in records) / count)
        result["waitingS"].append(sum(r.service_start_date - r.arrival_date for r in records) / count)
        result["serviceS"].append(sum(r.exit_date - r.service_start_date for r in records) / count)
    result["jobsPerS"] = jobs / seconds
    return result


json.dump([run(case) for case in json.load(sys.stdin)], sys.stdout)
