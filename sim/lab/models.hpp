// The teaching systems that scenarios may name (docs/teaching-systems.md): one row each, and the command line
// that makes one do what a cell says.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "sim/scenario/scenario.hpp"

namespace hvlab::lab {

struct Model {
  const char* name;
  const char* summary;   // one line
  const char* image;     // of build/PRESET/hv-models
  const char* modules;   // likewise, separated by blanks
  const char* pv;        // what vmN= words call its paravirtual devices; empty: it makes no virtual machines
  const char* devices;   // its guests', when nothing else is said: "emulated" or "pv"
  bool scheduler;        // its hypervisor has one, with policies
  bool partitions;       // processors are divided among its machines, not shared
  unsigned memory;       // of the machine with one instance, in MiB
  unsigned more_memory;  // and for each further one
  unsigned instances;    // when nothing else is said
  bool split = false;    // its guests' cards are split between them and a management machine
  bool offload = false;  // its kernel leaves work to the machine's card if told to
  bool groups = false;   // its instances are groups of processes, each with limits of its own
};

/// All of them; the first is what the others are compared with.
std::span<const Model> models();

/// The model called `name`; null if there is none.
const Model* find_model(const std::string& name);

/// Whether its VMM is a process of a host's kernel.
bool is_hosted(const Model& model);

/// Paths of its image and modules. Throws UserError if they were not built.
std::string model_image(const Model& model);
std::vector<std::string> model_modules(const Model& model);

/// The image's command line for a cell whose software is `model`.
std::string model_command_line(const Model& model, const scenario::Cell& cell);

}  // namespace hvlab::lab
