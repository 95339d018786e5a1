"""Proxies side by side on one machine, with real servers and checked replies.

One run starts a proxy in front of servers that hold every key, drives it with
``loadgen.c`` and samples clocks of all processes around the measured stretch::

    loadgen ──▶ proxy under test ──▶ redis-server or memcached, several
       │             │                        │
       └─ latency    └─ CPU, memory           └─ CPU

The primary figure is CPU time of the proxy per request. Throughput depends also
on what the generator and the servers leave of a small machine; it says how well
a proxy keeps both busy. Runs of different proxies alternate, and ratios are taken
run by run, so that a machine that slows down for a while slows down all of them.
"""
