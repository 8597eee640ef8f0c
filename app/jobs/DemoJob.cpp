#include "app/jobs/DemoJob.h"

#include "app/demo/DemoPairs.h"

#include <QFileInfo>

namespace tagalign::app {

QString makeDemoPairs(const Project& project, int count, JobContext& context)
{
    QString folder =
        QFileInfo(project.folder()).path() + QLatin1Char('/') + project.name() + "-pairs";
    if (!QFileInfo::exists(folder + QStringLiteral("/captions.jsonl"))) {
        const bool isWhole =
            writeDemoPairs(folder, {.count = count}, [&context, count](int number) {
                context.report({number, count, QStringLiteral("Composing demo pictures")});
                context.waitWhilePaused();
                return !context.isCancelled();
            });
        if (!isWhole) {
            throw model::Cancelled();
        }
    }
    return folder;
}

} // namespace tagalign::app
