// A volume against a model, and a volume against another.
#pragma once

#include "sim/model/model.h"
#include "sim/volume/filesystem.h"
#include "sim/volume/ranges.h"

#include <cstdint>
#include <string>

namespace lockstep::sim {

/// The volume's tree as a model without history. Every object must have an identity.
Model import_tree(const Filesystem& filesystem);

/// Empty if the volume holds exactly the model's tree (access times aside: reads do not replicate), otherwise the
/// first difference. What the bytes in `rotten` are does not count.
std::string difference(const Model& expected, const Filesystem& actual, const Ranges& rotten = {});

/// How closely a directory's entries are compared.
enum class Entries : std::uint8_t { names, identities };

/// The first difference between one object of the model and the volume's.
std::string object_difference(FileId id, const ModelObject& expected, const Filesystem& actual, Entries entries,
                              const Ranges& rotten = {});

}  // namespace lockstep::sim
