#pragma once

#include "app/demo/SceneComposer.h"

#include <QList>
#include <QString>
#include <QStringList>

namespace tagalign::app {

/// One of the pilots that come with the program: composed pictures of one domain.
struct DemoPilot
{
    QString name;  ///< for the terminal and for folders, e.g. "product-search"
    QString title; ///< translated
    QString about; ///< translated, one sentence
    SceneSettings scenes;
    quint32 seed = 0;    ///< pretraining uses seeds below 90,000
    QStringList prompts; ///< worth comparing
};

[[nodiscard]] const QList<DemoPilot>& demoPilots();

/// @throws std::runtime_error that names the pilots there are.
[[nodiscard]] const DemoPilot& demoPilot(const QString& name);

} // namespace tagalign::app
