#pragma once

#include <QString>

#include <functional>

namespace tagalign::app {

struct DemoPairsSettings
{
    int count = 600;       ///< scenes
    int side = 240;        ///< pixels
    int captions = 2;      ///< for each scene
    quint32 seed = 90'001; ///< pretraining uses seeds below 90,000
};

/// Writes scenes as JPEG with captions.jsonl and, for whoever wants to check, truth/objects.jsonl.
/// Scenes that are there already are not made again, so that it continues where it was stopped.
/// @param onScene called after each scene with its number from 1; false stops.
/// @throws std::runtime_error with one sentence. @return false if stopped.
bool writeDemoPairs(const QString& folder, const DemoPairsSettings& settings,
                    const std::function<bool(int)>& onScene);

} // namespace tagalign::app
