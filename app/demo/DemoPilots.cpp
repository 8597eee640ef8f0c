#include "app/demo/DemoPilots.h"

#include <QCoreApplication>

#include <algorithm>
#include <stdexcept>

namespace tagalign::app {

const QList<DemoPilot>& demoPilots()
{
    static const QList<DemoPilot> pilots{
        {.name = "product-search",
         .title = QCoreApplication::translate("DemoPilots", "Product search"),
         .about = QCoreApplication::translate(
             "DemoPilots", "Clothes and food on plain grounds; searched by colour and pattern."),
         .scenes = {.minimumObjects = 1,
                    .maximumObjects = 3,
                    .colorRate = 0.7,
                    .surfaceRate = 0.45,
                    .grounds = {Ground::Flat, Ground::Gradient, Ground::Cloth},
                    .categories = {"food", "clothes"},
                    .surfaces = {"striped", "dotted", "chequered"}},
         .seed = 90'001,
         .prompts = {"striped shirt", "dotted dress", "red shoe", "chequered"}},
        {.name = "shelf-inventory",
         .title = QCoreApplication::translate("DemoPilots", "Shelf inventory"),
         .about = QCoreApplication::translate(
             "DemoPilots", "Crowded shelves: what stands where, and in which colour."),
         .scenes = {.minimumObjects = 5,
                    .maximumObjects = 8,
                    .colorRate = 0.6,
                    .surfaceRate = 0.15,
                    .grounds = {Ground::Shelf},
                    .categories = {"food", "household", "stationery"},
                    .surfaces = {"striped", "dotted"}},
         .seed = 90'002,
         .prompts = {"red cup", "green bottle", "striped box", "clock"}},
        {.name = "inspection",
         .title = QCoreApplication::translate("DemoPilots", "Inspection"),
         .about = QCoreApplication::translate(
             "DemoPilots", "Parts on a bench, some cracked, rusty, stained or scratched."),
         .scenes = {.minimumObjects = 1,
                    .maximumObjects = 3,
                    .colorRate = 0.3,
                    .surfaceRate = 0.6,
                    .grounds = {Ground::Metal, Ground::Wood, Ground::Flat},
                    .categories = {"tools", "electronics", "vehicles"},
                    .surfaces = {"cracked", "rusty", "stained", "scratched"}},
         .seed = 90'003,
         .prompts = {"cracked", "rusty wrench", "scratched laptop", "stained"}}};
    return pilots;
}

const DemoPilot& demoPilot(const QString& name)
{
    const QList<DemoPilot>& pilots = demoPilots();
    const auto found = std::find_if(pilots.begin(), pilots.end(),
                                    [&](const DemoPilot& pilot) { return pilot.name == name; });
    if (found == pilots.end()) {
        QStringList names;
        for (const DemoPilot& pilot : pilots) {
            names.append(pilot.name);
        }
        throw std::runtime_error(QStringLiteral("there is no demo pilot \"%1\"; there are %2")
                                     .arg(name, names.join(QStringLiteral(", ")))
                                     .toStdString());
    }
    return *found;
}

} // namespace tagalign::app
