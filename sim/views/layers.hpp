// An architecture as a picture: who stands on whom, derived from what a run shows.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/base/types.hpp"
#include "sim/views/run_set.hpp"

namespace hvlab::views {

/// What a run shows of its architecture.
struct LayerFacts {
  std::map<std::string, double, std::less<>> accounts;  // of the ledger, by name: any unit of time
  std::vector<unsigned> vms;                            // numbers of virtual machines, ascending, from 1
  unsigned management_vm = 0;           // of these the one that serves the others; 0: not known, or none
  std::vector<std::string> containers;  // names of control groups that are containers
  bool contained = false;               // its programs run in containers, even if none has a lane
  unsigned instances = 1;               // of the program that it is about
  unsigned processors = 1;
  std::string software;  // what it says it is ("monolithic", "kvm"); empty: nothing
};

/// From the lanes, accounts and marks of the trace; without one, from the statistics. What the cell says of
/// containers and instances is taken from its description.
LayerFacts layer_facts(const OpenRun& run);

struct LayerBox {
  enum class Kind : u8 {
    Hardware,
    Hypervisor,
    HostKernel,
    Programs,  // of the machine's own system, outside of any container
    Container,
    VmmProcess,
    Machine,            // a virtual machine: a frame around its kernel and programs
    ManagementMachine,  // the one that serves the others
    GuestKernel,
    GuestPrograms,
    Count
  };
  Kind kind = Kind::Hardware;
  std::string name;                   // a container's; else empty
  unsigned vm = 0;                    // number, of what belongs to a virtual machine
  unsigned count = 1;                 // it stands for so many of its kind
  int parent = -1;                    // the box that this one is drawn in
  std::vector<std::string> accounts;  // whose time is its time; empty: no account tells it apart
  // Its place: x from 0 to 1, y in rows from the ground up.
  double left = 0, right = 1, bottom = 0, top = 1;
};
/// "hardware", "guest-kernel", ...: keys of the catalogue's "layers".
const char* name(LayerBox::Kind kind);

/// What kind of architecture it is.
enum class LayerShape : u8 {
  System,      // programs on a kernel
  Contained,   // the same, in containers
  OnHardware,  // a hypervisor on the machine itself
  Managed,     // the same, with a management VM
  OnHost,      // virtual machines on a host's kernel
};
const char* name(LayerShape shape);

struct LayerPicture {
  LayerShape shape = LayerShape::System;
  std::string software;
  std::vector<LayerBox> boxes;  // parents before their children
  double rows = 1;              // its height
};

/// More machines or containers than kMostColumns share a box that counts them.
LayerPicture layer_picture(const LayerFacts& facts);
inline constexpr size_t kMostColumns = 3;

}  // namespace hvlab::views
