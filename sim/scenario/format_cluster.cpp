// The keys under `cluster`: many hosts. As in format_table.cpp a row here is all that a key needs; what it
// means to the simulation is in sim/lab/cluster_plan.cpp. Defaults say where they come from.
#include "sim/scenario/format_cluster.hpp"

namespace hvlab::scenario {

namespace {

using enum Type;
using enum Presence;

constexpr u64 kMiB = u64{1} << 20, kGiB = u64{1} << 30, kTiB = u64{1} << 40;
constexpr u64 kMHz = 1'000'000;
constexpr u64 kMinute = 60 * kSecond, kHour = 60 * kMinute, kDay = 24 * kHour;
constexpr u64 kMostTime = 200 * kDay;
constexpr u64 kMostRate = 1'000'000'000'000;  // bits a second
constexpr u64 kMany = 200'000;

// clang-format off
constexpr Key kServerCostKeys[] = {
    {"price", Number, Default, "0", "Of one, in whole units of a currency."},
    {"maintenance", Number, Default, "0", "Of one, a year."},
    {"rack_units", Number, Default, "1", "Of one."},
    {"licences", Number, Default, "0", "Of what it is virtualized with, of one, once in a server's life."},
    {"support", Number, Default, "0", "Of that, of one, a year."},
};
constexpr Section kServerCost = {"server's cost", "What servers of this group cost; what they draw is what the run measured.", kServerCostKeys};

constexpr Key kPortKeys[] = {
    {"switch", Text, Derived, "the physical switches in turn", "The physical switch that the card is plugged into: switch-1."},
    {"vlans", Text, Default, "0-63", "The VLANs that the switch's port carries, like 0-3,7."},
    {"speed", Rate, Derived, "the group's", "Of this card, in whole Mbit/s.", "", kMHz, kMostRate},
};
constexpr Section kPort = {"port", "A card of each host of the group, and the port of the physical switch at its other end.", kPortKeys};

constexpr Key kHostKeys[] = {
    {"name", Text, Required, "", "Of one host its name; of several the beginning: NAME-1, NAME-2, ..."},
    {"count", Count, Default, "1", "So many alike.", "", 1, 100'000},
    {"cores", Count, Default, "12", "Of all its processors; the default is those of the server whose power the default curve is.", "", 1, 1024},
    {"frequency", Frequency, Default, "3060MHz", "Of a core, in whole MHz; the default likewise.", "", kMHz, 100'000 * kMHz},
    {"memory", Type::Size, Default, "64GiB", "In whole MiB; the default is some 5 GiB for each core (assumed).", "", kMiB, 64 * kTiB},
    {"cards", Count, Default, "2", "Network cards, plugged into the physical switches in turn; two are what it takes for one to fail.", "", 1, 8},
    {"speed", Rate, Default, "1Gbit/s", "Of a card, in whole Mbit/s; the default is that of the servers of the default curve's years.", "", kMHz, kMostRate},
    {"ports", List, Optional, "", "What the cards are plugged into, the first of each host first; cards that are not said are as if nothing was.", "", 0, 8, &kPort},
    {"power", Word, Derived, "ibm-x3550-m3, without watts", "What it draws at each tenth of its load: a file of profiles/power (SPECpower_ssj2008).", "@powers"},
    {"watts", Numbers, Optional, "", "Instead of a profile: eleven figures, at 0, 10, ... 100 % of its processors' time."},
    {"watts_off", Number, Derived, "the profile's; with watts 8 (assumed)", "What it draws when it is off."},
    {"stays_on", Flag, Default, "false", "Never switched off by power_saving."},
    {"cost", Type::Map, Optional, "", "For cluster.cost.", "", 0, 0, &kServerCost},
};
constexpr Section kHost = {"host group", "Hosts alike.", kHostKeys};

constexpr Key kDatastoreKeys[] = {
    {"name", Text, Required, "", "Its name."},
    {"kind", Word, Default, "fc", "A host's own disks, an array by Fibre Channel, iSCSI or NFS, or the disks of several hosts pooled; the default needs no network.", "local|fc|iscsi|nfs|pooled"},
    {"host", Text, Optional, "", "Of local: whose disks they are."},
    {"members", Names, Derived, "all hosts, of pooled", "Of pooled: the hosts whose disks it is made of."},
    {"tolerates", Count, Default, "1", "Of pooled: failures of hosts. So many copies besides the first, as many witnesses.", "", 0, 3},
    {"repair_after", Time, Derived, "1h of pooled (vSAN's)", "Of pooled: parts that are away so long are given up and built anew elsewhere.", "", kSecond, kMostTime},
    {"capacity", Type::Size, Default, "10TiB", "Of virtual disks, in whole GiB (assumed: an array's usual shelf).", "", kGiB, 4096 * kTiB},
    {"disks", Count, Default, "12", "So many (a shelf of 12).", "", 1, 10'000},
    {"raid", Word, Default, "raid5", "Redundancy: how many disks may fail, and how many requests a write costs the disks: none 0 and 1, raid10 1 and 2, raid5 1 and 4, raid6 2 and 6.", "none|raid10|raid5|raid6"},
    {"medium", Word, Default, "disk-15k", "What one disk is: one that makes 15 000, 10 000 or 7200 turns a minute, or flash by SATA or NVMe.", "disk-15k|disk-10k|disk-7k|ssd-sata|ssd-nvme"},
    {"disk_iops", Count, Derived, "180 of disk-15k, 140 of disk-10k, 79 of disk-7k, 100000 of ssd-sata, 380000 of ssd-nvme", "Random requests a second of one disk. Turning ones: 3.5 ms, 4 ms (assumed) or 8.5 ms (Hitachi Deskstar 7K1000.C) of seeking, and half a turn; flash: Samsung 850 EVO and 960 EVO, 1 TB.", "", 1, 10'000'000},
    {"cache", Number, Default, "0", "Part of the reads that no disk sees.", "", 0, 1},
    {"flash_reads", Count, Default, "0", "Requests a second of flash in front of the disks, which serves what the cache has; 0: it bounds nothing.", "", 0, 10'000'000},
    {"flash_writes", Count, Default, "0", "Requests a second of that flash, which takes all writes first; 0: it bounds nothing.", "", 0, 10'000'000},
    {"latency", Time, Derived, "100us of local, 200us of fc, 400us of iscsi, 500us of nfs and pooled (assumed), and 90us of ssd-sata, 68us of ssd-nvme", "Of a request besides waiting for disks: fabric, controller, cache; what a read takes in flash whose chips work side by side.", "", kMicrosecond, kSecond},
    {"cycles", Count, Default, "0", "Of the host for each request, where software makes it; 0: an adapter does.", "", 0, 100'000'000},
    {"bandwidth", Rate, Derived, "6Gbit/s of local, 8Gbit/s of fc, 1Gbit/s of iscsi, nfs and pooled", "Of the way to it, one for all hosts, in whole MB/s.", "", 8 * kMHz, kMostRate},
};
constexpr Section kDatastore = {"datastore", "Where virtual disks are.", kDatastoreKeys};

constexpr Key kPortGroupKeys[] = {
    {"vlan", Count, Default, "0", "Its VLAN.", "", 0, 63},
    {"cards", Text, Derived, "all", "The hosts' cards that it uses, like 0-1,3."},
    {"limit", Rate, Optional, "", "Of each host's traffic of it at most, in each direction, in whole Mbit/s.", "", kMHz, kMostRate},
    {"teaming", Word, Default, "failover", "One card and the next if it fails; link aggregation, in which a conversation keeps to one card; or one conversation on several cards at once.", "failover|aggregate|several"},
};
constexpr Section kPortGroup = {"port group", "A port group of all hosts' virtual switches.", kPortGroupKeys};

constexpr Key kNetworkKeys[] = {
    {"switches", Count, Default, "2", "Physical switches, switch-1, switch-2, ...; two are what it takes for one to fail.", "", 1, 64},
    {"management", Type::Map, Default, "", "Of heartbeats and the manager.", "", 0, 0, &kPortGroup},
    {"migration", Type::Map, Default, "", "Of machines that move.", "", 0, 0, &kPortGroup},
    {"storage", Type::Map, Default, "", "Of iSCSI, NFS and pooled disks.", "", 0, 0, &kPortGroup},
    {"machines", Type::Map, Default, "", "Of the virtual machines' own traffic.", "", 0, 0, &kPortGroup},
};
constexpr Section kNetwork = {"networks", "Port groups by purpose, and what they are plugged into.", kNetworkKeys};

constexpr Key kDemandKeys[] = {
    {"shape", Word, Default, "constant", "Always the same; a peak in each period; bursts at random; or a trace of a file.", "constant|peak|bursts|trace"},
    {"low", Number, Default, "0.1", "Part of all its vcpus' time that it wants when there is no peak or burst; the default is what servers of their own used before they were consolidated (assumed).", "", 0, 1},
    {"high", Number, Derived, "0.6, of peak and bursts (assumed)", "Likewise, at the peak or in a burst.", "", 0, 1},
    {"noise", Number, Default, "0", "Up to so much more or less, drawn anew each minute.", "", 0, 1},
    {"period", Time, Derived, "1d of peak, 1h of bursts, 5min of trace", "From peak to peak; in which there is one burst; or from sample to sample of a trace.", "", kSecond, kMostTime},
    {"peak_at", Time, Derived, "12h, of peak", "The first machine's highest moment, into each period.", "", 0, kMostTime},
    {"later_each", Time, Default, "0s", "So much later each machine's peak is than the one before's.", "", 0, kMostTime},
    {"width", Time, Derived, "half the period of peak, a tenth of bursts", "How long a peak or burst lasts.", "", kMillisecond, kMostTime},
    {"season", Number, Default, "0", "So much more of all this at the height of its season, and less half a year before.", "", 0, 1},
    {"season_day", Count, Default, "0", "That height, as a day of 365.", "", 0, 364},
    {"growth", Change, Default, "0", "So much more of all this a year later, of what it was at the beginning; below 0 it shrinks: -0.2 is a fifth less.", "", 0, 30},
    {"file", File, Optional, "", "Of trace: a CSV file; the last number of each line is a sample, from 0 to 1. Samples go on from the beginning when they end."},
};
constexpr Section kDemand = {"demand", "How much of its vcpus' time a machine wants.", kDemandKeys};

constexpr Key kDirtyKeys[] = {
    {"memory", Type::Size, Required, "", "So much of its memory is written alike.", "", 4096, 16 * kTiB},
    {"writes", Count, Required, "", "Pages of it, at random, in a second when the machine is fully loaded.", "", 0, 1'000'000'000},
};
constexpr Section kDirty = {"working set", "A part of the memory that is written alike, as migration meets it.", kDirtyKeys};

constexpr Key kIoKeys[] = {
    {"reads", Count, Default, "0", "Requests a second to its disk when it is fully loaded.", "", 0, 10'000'000},
    {"writes", Count, Default, "0", "Likewise.", "", 0, 10'000'000},
    {"size", Type::Size, Default, "4KiB", "Of a request, in whole KiB.", "", 1024, 16 * kMiB},
    {"in_flight", Count, Default, "0", "It does nothing but ask its disk: so many requests at a time, the next when an answer comes, reads and writes in their proportion; 0: so many a second as its load says.", "", 0, 1024},
    {"cycles", Count, Default, "0", "With in_flight: processor time of its own for each request.", "", 0, 1'000'000'000},
    {"file_cost", Number, Default, "1.05", "The host's processor time for a request to a file against that to a raw mapping; VMware's study of 2008: 1.05 of random requests, 1.08 of sequential ones.", "", 1, 10},
    {"packets", Count, Default, "0", "A second, when it is fully loaded, half of them sent: they cost processor time and take bandwidth.", "", 0, 100'000'000},
    {"packet_size", Type::Size, Default, "800B", "Of a packet (assumed).", "", 1, 65'535},
    {"port_limit", Rate, Optional, "", "Of its port at the virtual switch, in each direction, in whole Mbit/s.", "", kMHz, kMostRate},
};
constexpr Section kIo = {"input and output", "What a machine asks of its disk and card.", kIoKeys};

constexpr Key kTaskKeys[] = {
    {"megacycles", Count, Required, "", "Millions of cycles of a machine's own work.", "", 1, 1'000'000'000},
    {"count", Count, Default, "1", "So many alike, done side by side.", "", 1, 1000},
    {"at", Time, Default, "0s", "When each machine of the group gets them; one that does not run then begins when it does.", "", 0, kMostTime},
};
constexpr Section kTask = {"task", "Work of a known amount. A machine shares its time among those that it has; what is done is kept when it stops.", kTaskKeys};

constexpr Key kVmKeys[] = {
    {"name", Text, Required, "", "Of one machine its name; of several the beginning: NAME-1, NAME-2, ..."},
    {"count", Count, Default, "1", "So many alike.", "", 1, kMany},
    {"vcpus", Count, Default, "2", "Virtual processors.", "", 1, 1024},
    {"memory", Type::Size, Default, "4GiB", "In whole MiB.", "", kMiB, 64 * kTiB},
    {"disk", Type::Size, Default, "40GiB", "In whole GiB.", "", kGiB, 1024 * kTiB},
    {"disk_kind", Word, Default, "thick", "A file of a cluster file system with all of its space or with what was written, or a device of the array, mapped in virtual or physical compatibility.", "thick|thin|raw-virtual|raw-physical"},
    {"disk_written", Number, Default, "1", "Part of a thin disk that was written.", "", 0, 1},
    {"way", Word, Default, "kvm", "How it is virtualized, and what that costs: a file of profiles/overhead, or none, which costs nothing.", "@overheads"},
    {"mix", Word, Default, "mixed", "What it works at, which decides how much of its way's overhead it pays: a file of profiles/mix.", "@mixes"},
    {"demand", Type::Map, Default, "", "What it wants of its vcpus' time.", "", 0, 0, &kDemand},
    {"tasks", List, Optional, "", "Instead of a demand: what it has to do. Without any it wants nothing.", "", 0, 1000, &kTask},
    {"size", Frequency, Derived, "its vcpus' time at the demand's highest, all with tasks, on hosts of the first group", "What it is planned with when it is placed, in whole MHz.", "", kMHz, 1'000'000'000 * kMHz},
    {"shares", Count, Derived, "1000 for each vcpu, as VMware's", "Its weight when there is not enough processor time for all.", "", 1, 100'000'000},
    {"reservation", Frequency, Optional, "", "Processor time that it gets when it wants it, in whole MHz.", "", kMHz, 1'000'000 * kMHz},
    {"limit", Frequency, Optional, "", "Processor time that it gets at most, in whole MHz.", "", kMHz, 1'000'000 * kMHz},
    {"dirty", List, Derived, "an eighth of its memory, 2000 writes a second (assumed)", "What it writes of its memory.", "", 0, 3, &kDirty},
    {"io", Type::Map, Default, "", "What it asks of its disk and card.", "", 0, 0, &kIo},
    {"datastore", Text, Derived, "the first, if there is one", "Where its disk is."},
    {"host", Text, Derived, "where the packing finds room", "Where it is started."},
    {"starts", Flag, Default, "true", "At the beginning; else when an event says so (power_on, start)."},
    {"hosts", Names, Optional, "", "Rule: only on these, hosts or groups of hosts."},
    {"apart", Flag, Default, "false", "Rule: each of the group on another host."},
    {"together", Flag, Default, "false", "Rule: all of the group on one host."},
    {"priority", Word, Default, "medium", "The order in which high availability starts machines again.", "highest|high|medium|low|lowest|never"},
};
constexpr Section kVm = {"machine group", "Virtual machines alike.", kVmKeys};

constexpr Key kRuleKeys[] = {
    {"together", Names, Optional, "", "Machines, or groups of machines, all on one host."},
    {"apart", Names, Optional, "", "Machines, or groups of machines, each on another host."},
};
constexpr Section kRule = {"rule", "Where machines may be, beside their groups' own rules: one of together and apart. A machine is in one rule of a kind at most.", kRuleKeys};

constexpr Key kMigrationKeys[] = {
    {"policy", Word, Default, "vmotion", "When pre-copy stops the machine, and what it does without progress.", "@migrations"},
    {"at_a_time", Count, Derived, "4, of cards of 10Gbit/s and more 8 (VMware's published limits)", "Moves that a host takes part in.", "", 1, 64},
    {"downtime", Time, Derived, "the policy's", "The machine is stopped when what is left can be copied in this time.", "", 50 * kMillisecond, kHour},
    {"bandwidth", Rate, Derived, "the policy's, else all that the way gives", "That a round takes at most, in whole Mbit/s; what is left is copied at full speed.", "", kMHz, kMostRate},
    {"give_up_after", Time, Optional, "", "A move that has not stopped its machine by then fails; it counts from its first round.", "", kSecond, kMostTime},
    {"service", Frequency, Default, "500MHz", "What a move takes of both hosts (assumed).", "", 0, 100'000 * kMHz},
};
constexpr Section kMigration = {"migration", "How machines move while they run.", kMigrationKeys};

constexpr Key kHaKeys[] = {
    {"on", Flag, Default, "true", "Machines of failed hosts are started again elsewhere."},
    {"timings", Word, Default, "vsphere-5.1", "When a host is found silent, dead or isolated: published timelines.", "@timings"},
    {"heartbeats", Flag, Default, "true", "Hosts show on datastores too that they live."},
    {"isolation_response", Word, Default, "leave-on", "What a host does with its machines that hears nobody.", "leave-on|power-off"},
    {"admission", Word, Default, "none", "What is kept free when machines are started: nothing, room for the failures of hosts, or a part of all.", "none|host-failures|part"},
    {"failures", Count, Default, "1", "With admission host-failures, and for power_saving: hosts.", "", 0, 100},
    {"part", Number, Default, "0.25", "With admission part: of processors and memory.", "", 0, 1},
    {"at_a_time", Count, Default, "32", "Machines that one host starts at a time.", "", 1, 10'000},
    {"retry", Time, Default, "1min", "After which machines that found no host are tried again (assumed).", "", kSecond, kDay},
};
constexpr Section kHa = {"high availability", "Hosts that watch each other. Said at all, it is on.", kHaKeys};

constexpr Key kDrsKeys[] = {
    {"on", Flag, Default, "true", "Machines are moved from hosts with much load to hosts with little."},
    {"period", Time, Default, "5min", "From look to look (as VMware's).", "", kSecond, kDay},
    {"level", Count, Default, "3", "From 1, which follows rules alone, to 5, which leaves no imbalance alone (VMware's KB 1007485).", "", 1, 5},
    {"threshold", Number, Derived, "the level's", "Imbalance, the deviation of the hosts' loads, that is left alone."},
    {"most_moves", Count, Default, "32", "Asked for in one look.", "", 1, 10'000},
};
constexpr Section kDrs = {"balancing", "Distributed resource scheduling. Said at all, it is on.", kDrsKeys};

constexpr Key kPowerSavingKeys[] = {
    {"on", Flag, Default, "true", "Hosts that are not needed are emptied and switched off; it looks when balancing does."},
    {"target", Number, Default, "0.63", "Load above which a host is booted (VMware's).", "", 0, 1},
    {"tolerance", Number, Default, "0.18", "So far below it a host is emptied, if the others have room (VMware's).", "", 0, 1},
    {"boot", Time, Default, "3min", "From off to on (assumed).", "", kSecond, kDay},
    {"after", Time, Default, "0s", "A host could be emptied at every look for so long before one is (VMware looks at the last 40 minutes).", "", 0, kDay},
    {"hosts", Count, Default, "1", "That stay on; with high availability those that may fail besides.", "", 1, 100'000},
};
constexpr Section kPowerSaving = {"power saving", "Hosts off when they are not needed. Said at all, it is on.", kPowerSavingKeys};

constexpr Key kCostKeys[] = {
    {"years", Count, Default, "5", "Over which costs are summed: one life of the servers.", "", 1, 100},
    {"life", Count, Default, "5", "Years, after which servers and storage are bought anew.", "", 1, 100},
    {"kilowatt_hour", Number, Default, "0", "Of power."},
    {"cooling", Number, Default, "0", "Watts besides for each watt."},
    {"rack_unit_year", Number, Default, "0", "Of space."},
    {"storage", Number, Default, "0", "Shared, at each purchase."},
    {"storage_maintenance", Number, Default, "0", "A year."},
    {"systems", Count, Derived, "as many as there are machines", "That have to be on new servers when servers are bought anew.", "", 0, 1'000'000},
    {"reinstallation", Number, Default, "0", "Of one system that has to be installed, configured and tested anew."},
    {"move", Number, Default, "0", "Of one system that is moved as it is."},
    {"moves", Flag, Default, "true", "Which of these two it is: virtual machines are moved."},
};
constexpr Section kCost = {"cost", "What all this costs over the years, with the servers' own costs of their groups; in one currency.", kCostKeys};

constexpr Key kPartKeys[] = {
    {"host", Names, Optional, "", "Hosts, or groups of hosts."},
    {"card", Names, Optional, "", "Cards or their cables (links): HOST/NUMBER, from 0."},
    {"switch", Names, Optional, "", "Physical switches: switch-1."},
    {"datastore", Names, Optional, "", "Arrays, as a whole."},
    {"disk", Names, Optional, "", "One disk of each of these datastores."},
    {"manager", Flag, Optional, "", "Whoever manages the cluster, on hardware of its own."},
    {"partition", Names, Optional, "", "These hosts are cut off from the others, together."},
    {"pool_disks", Names, Optional, "", "All disks that these hosts give to the pool."},
};
constexpr Section kPart = {"part", "What breaks or is mended; several at the same moment.", kPartKeys};

constexpr Key kMoveKeys[] = {
    {"vm", Names, Required, "", "Machines, or groups of machines."},
    {"to", Text, Derived, "the host with least load", "The host."},
    {"datastore", Text, Optional, "", "Where the disk goes too."},
};
constexpr Section kMove = {"move", "Running machines that go to another host.", kMoveKeys};

constexpr Key kMoveDiskKeys[] = {
    {"vm", Names, Required, "", "Machines, or groups of machines."},
    {"to", Text, Required, "", "The datastore."},
};
constexpr Section kMoveDisk = {"disk move", "Disks that go to another datastore while their machines run.", kMoveDiskKeys};

constexpr Key kResizeKeys[] = {
    {"vm", Names, Required, "", "Machines, or groups of machines."},
    {"reservation", Frequency, Optional, "", "See machine group.", "", 0, 1'000'000 * kMHz},
    {"limit", Frequency, Optional, "", "See machine group; 0Hz: none any more.", "", 0, 1'000'000 * kMHz},
    {"shares", Count, Optional, "", "See machine group.", "", 1, 100'000'000},
};
constexpr Section kResize = {"change of size", "What machines get from then on.", kResizeKeys};

constexpr Key kStartKeys[] = {
    {"vm", Names, Required, "", "Machines, or groups of machines."},
    {"host", Text, Required, "", "The host that is asked itself."},
};
constexpr Section kStart = {"start", "Machines that are started at a host, which needs no manager.", kStartKeys};

constexpr Key kServiceKeys[] = {
    {"host", Names, Required, "", "Hosts, or groups of hosts, all at the same time."},
    {"lasts", Time, Default, "1h", "From off to on (assumed).", "", kSecond, kMostTime},
};
constexpr Section kService = {"service", "Hosts that are emptied, switched off and used again: what cannot move stops, and starts on another host or waits.", kServiceKeys};

constexpr Key kWindowKeys[] = {
    {"name", Text, Required, "", "Its name in metrics: window.NAME.METRIC."},
    {"from", Time, Required, "", "When it begins.", "", 0, kMostTime},
    {"to", Time, Required, "", "When it ends.", "", 0, kMostTime},
};
constexpr Section kWindow = {"window", "A part of the run that is measured for itself.", kWindowKeys};

constexpr Key kEventKeys[] = {
    {"at", Time, Required, "", "When.", "", 0, kMostTime},
    {"fail", Type::Map, Optional, "", "What breaks.", "", 0, 0, &kPart},
    {"repair", Type::Map, Optional, "", "What is mended.", "", 0, 0, &kPart},
    {"move", Type::Map, Optional, "", "Machines that move.", "", 0, 0, &kMove},
    {"move_disk", Type::Map, Optional, "", "Disks that move.", "", 0, 0, &kMoveDisk},
    {"cancel_move", Names, Optional, "", "Machines whose moves are cancelled: they stay where they are."},
    {"enter_maintenance", Names, Optional, "", "Hosts that give their machines away and take no more."},
    {"leave_maintenance", Names, Optional, "", "Hosts that take machines again."},
    {"power_on", Names, Optional, "", "Machines that are started where most is free, which the manager knows."},
    {"start", Type::Map, Optional, "", "Machines that are started at a host itself.", "", 0, 0, &kStart},
    {"power_off", Names, Optional, "", "Machines that are switched off by their owner."},
    {"service", Type::Map, Optional, "", "Hosts that are serviced.", "", 0, 0, &kService},
    {"snapshot", Names, Optional, "", "Machines of whose disks what they are is kept."},
    {"resize", Type::Map, Optional, "", "Machines that get other shares, reservation or limit.", "", 0, 0, &kResize},
};
constexpr Section kEvent = {"cluster event", "Something that happens: at and one of the others.", kEventKeys};

constexpr Key kClusterKeys[] = {
    {"length", Time, Default, "1d", "So long it is simulated.", "", kSecond, kMostTime},
    {"load_step", Time, Default, "1min", "Demands are looked at so often; a minute is what monitoring of hosts resolves.", "", kSecond, kDay},
    {"hosts", List, Required, "", "The hosts, by groups.", "", 0, 10'000, &kHost},
    {"datastores", List, Optional, "", "Where virtual disks are; without any, machines have no disks.", "", 0, 1000, &kDatastore},
    {"networks", Type::Map, Default, "", "How hosts are connected.", "", 0, 0, &kNetwork},
    {"vms", List, Required, "", "The virtual machines, by groups.", "", 0, 10'000, &kVm},
    {"rules", List, Optional, "", "Machines that are to be together or apart.", "", 0, 10'000, &kRule},
    {"packing", Word, Default, "first-fit", "How machines find their first host: the first with room, the one that is left with least, or the one whose room is of the need's proportions.", "first-fit|best-fit|vector-fit"},
    {"migration", Type::Map, Default, "", "How machines move.", "", 0, 0, &kMigration},
    {"ha", Type::Map, Optional, "", "High availability.", "", 0, 0, &kHa},
    {"drs", Type::Map, Optional, "", "Balancing.", "", 0, 0, &kDrs},
    {"power_saving", Type::Map, Optional, "", "Hosts switched off.", "", 0, 0, &kPowerSaving},
    {"manager", Text, Derived, "hardware of its own", "The machine that whoever manages the cluster runs in."},
    {"manager_standbys", Count, Default, "0", "Instances of the manager that wait until the one that works fails.", "", 0, 10},
    {"manager_takeover", Time, Default, "5min", "Until a standby works (vCenter High Availability: under 5 minutes).", "", kSecond, kDay},
    {"start_with_host", Flag, Default, "true", "A host that comes back starts the machines that it lost and that are still off."},
    {"overheads", Figures, Optional, "", "Figures of the ways' profiles, and of the mixes', that are other here.", "@overhead-figures"},
    {"cost", Type::Map, Optional, "", "Total cost over years.", "", 0, 0, &kCost},
    {"events", List, Optional, "", "What happens when.", "", 0, 100'000, &kEvent},
    {"windows", List, Optional, "", "Parts of the run that are measured for themselves.", "", 0, 100, &kWindow},
};
// clang-format on

}  // namespace

constexpr Section kClusterSection = {"cluster", "Many hosts, simulated by events (docs/cluster.md).",
                                     kClusterKeys};

}  // namespace hvlab::scenario
