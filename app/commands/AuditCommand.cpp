#include "app/Project.h"
#include "app/commands/Commands.h"
#include "app/commands/Console.h"
#include "db/AuditLog.h"
#include "db/Database.h"

#include <CLI/CLI.hpp>

#include <memory>

namespace tagalign::app {

void addAuditCommand(CLI::App& program, RunCommand& run)
{
    auto folder = std::make_shared<std::string>();
    CLI::App* verb = program.add_subcommand("audit", "Check that a project's history is unbroken");
    verb->add_option("--project", *folder, "Project folder")->required();
    verb->callback([folder, &run] {
        run = [folder] {
            const Project project = Project::open(QString::fromStdString(*folder));
            const db::Database database(project.databaseFile());
            const db::AuditLog audit(database.connection());
            if (const auto found = audit.firstBreak()) {
                print(QStringLiteral("The audit log is broken at row %1: %2.")
                          .arg(found->row)
                          .arg(found->reason));
                return kFailed;
            }
            print(QStringLiteral("%1 entries, unbroken.").arg(audit.size()));
            return kDone;
        };
    });
}

} // namespace tagalign::app
